import Support

/// One row of a table, as bytes; text is made of a field when it is asked for.
public struct TableRow {
  /// The line of the file it begins in, from 1.
  public let line: Int
  /// The fields without quotation marks.
  public let fields: [ArraySlice<UInt8>]

  /// Whether there is nothing but spaces in it.
  var isBlank: Bool { fields.allSatisfy { $0.allSatisfy(TableReader.isSpace) } }

  /// A field's text without surrounding spaces; nil where it is not UTF-8, "" where there is no such field.
  public func text(_ index: Int) -> String? {
    guard fields.indices.contains(index) else { return "" }
    return String(validating: Self.trimmed(fields[index]), as: UTF8.self)
  }

  /// A field that names a file, by its bytes, whether they are UTF-8 or not (``FileName``).
  package func name(_ index: Int) -> String {
    fields.indices.contains(index) ? FileName.text(Self.trimmed(fields[index])) : ""
  }

  /// A field as a whole number; nil where it is none.
  public func number(_ index: Int) -> Int? { text(index).flatMap(Self.wholeNumber) }

  /// A text as a whole number: ASCII digits with an optional sign, and zeros behind a point, as a column of floats has
  /// them ("2.0"); nil where it is none.
  static func wholeNumber(_ text: String) -> Int? {
    guard text.utf8.count <= 40 else { return nil }
    let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 1 || parts[1].allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
    return Int(Substring(parts[0]))
  }

  /// Whether a text is a number of any kind rather than a name.
  static func isNumber(_ text: String) -> Bool {
    guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else { return false }
    return Double(text) != nil || wholeNumber(text) != nil
  }

  /// A field for an error, cut where it is long and without control characters.
  public func shown(_ index: Int) -> String {
    guard fields.indices.contains(index) else { return "nothing" }
    let bytes = Self.trimmed(fields[index])
    if bytes.isEmpty { return "an empty field" }
    let text = String(decoding: bytes.prefix(40), as: UTF8.self)
    let plain = text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : Character($0) }
    return "\"\(String(plain))\(bytes.count > 40 ? "…" : "")\""
  }

  static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes
    while let first = bytes.first, TableReader.isSpace(first) { bytes.removeFirst() }
    while let last = bytes.last, TableReader.isSpace(last) { bytes.removeLast() }
    return bytes
  }
}
