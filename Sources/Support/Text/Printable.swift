extension String {
  /// The text with control characters, and bytes of a name that are no text, escaped, and its length bounded: fit to be printed, wherever it came from.
  package var printable: String {
    var result = ""
    for scalar in unicodeScalars.prefix(300) {
      result +=
        FileName.escaped(scalar)
        ?? (scalar.isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar))
    }
    return unicodeScalars.count > 300 ? result + "..." : result
  }
}

extension Unicode.Scalar {
  /// Whether a terminal or an editor may take it for more than a letter: control characters, line separators, and
  /// what turns the direction of writing.
  package var isControl: Bool { [0..<0x20, 0x7F..<0xA0, 0x2028..<0x202F].contains { $0.contains(value) } }
}
