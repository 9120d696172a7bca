extension Sequence {
  /// The first result that is not nil; what comes behind it is not asked.
  ///
  /// For questions whose answer can change from one moment to the next, as to the file system: `lazy.compactMap(...).first`
  /// asks twice, and ends the process where the second answer is another one.
  package func firstResult<Result>(_ ask: (Element) throws -> Result?) rethrows -> Result? {
    for element in self {
      if let result = try ask(element) { return result }
    }
    return nil
  }
}
