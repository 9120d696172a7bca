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

  /// A field as a whole number, in ASCII digits with an optional sign; nil where it is none.
  public func number(_ index: Int) -> Int? {
    guard let text = text(index), text.utf8.count <= 20 else { return nil }
    return Int(text)
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
