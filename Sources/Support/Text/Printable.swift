extension String {
  /// The text with control characters escaped and its length bounded: fit to be printed, wherever it came from.
  public var printable: String {
    var result = ""
    for scalar in unicodeScalars.prefix(300) {
      let isControl = [0..<32, 127..<160, 0x202A..<0x202F].contains { $0.contains(scalar.value) }
      result += isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return unicodeScalars.count > 300 ? result + "..." : result
  }
}

extension Sequence<String> {
  /// "a, b, c and 7 more": the first few, and how many are left.
  public func listed(atMost limit: Int = 8) -> String {
    let all = map(\.printable)
    guard all.count > limit else { return all.joined(separator: ", ") }
    return all.prefix(limit).joined(separator: ", ") + " and \(all.count - limit) more"
  }
}
