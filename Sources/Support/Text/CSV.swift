/// Comma-separated values.
package enum CSV {
  /// One field: quoted where it must be. A text that a spreadsheet would take for a formula gets an apostrophe in
  /// front, so that a file's name cannot run anything.
  /// What is no text in a name is escaped (``FileName``).
  package static func field(_ text: String) -> String {
    let text = FileName.escaped(text)
    let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false && Double(text) == nil
    let safe = isFormula ? "'" + text : text
    guard safe.unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else { return safe }
    let doubled = safe.utf8.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
    return "\"" + doubled.map { Substring($0) }.joined(separator: "\"\"") + "\""
  }

  /// Rows of fields (RFC 4180).
  package static func text(_ rows: [[String]]) -> String {
    rows.map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
  }
}
