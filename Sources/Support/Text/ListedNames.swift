extension Sequence<String> {
  /// "a, b, c and 7 more": the first few, and how many are left.
  package func listed(atMost limit: Int = 8) -> String {
    let all = map(\.printable)
    guard all.count > limit else { return all.joined(separator: ", ") }
    return all.prefix(limit).joined(separator: ", ") + " and \(all.count - limit) more"
  }
}
