import Support

/// A component that the command line put in another's place. The options of the one before mean nothing to it and go with it.
package struct SwappedComponent: Equatable, Sendable {
  /// Where both stand.
  package let path: JSONPath
  /// Their names.
  package let before, after: String
  /// The options that went, as they were written: "widths [16, 32]".
  package let dropped: [String]

  /// - Parameter own: what the recipe says of the component before.
  /// - Parameter given: what the command line says of the one after.
  init(at path: JSONPath, _ before: String, _ after: String, from own: SourcedValue, with given: SourcedValue)
  {
    (self.path, self.before, self.after) = (path, before, after)
    let kept = Set(given.value.members.map { Array($0.keys) } ?? [])
    dropped = (own.value.members ?? [:]).sorted { $0.key < $1.key }
      .filter { $0.key != "use" && $0.value != .null && !kept.contains($0.key) }
      .map { "\($0.key.printable) \($0.value.oneLine.printable)" }
  }

  /// For people.
  package var sentence: String {
    "\(path): \(JSONValue.quoted(after)) takes the place of \(JSONValue.quoted(before))"
      + (dropped.isEmpty
        ? "" : ", whose options go with it: \(dropped.joined(separator: ", "))")
  }
}
