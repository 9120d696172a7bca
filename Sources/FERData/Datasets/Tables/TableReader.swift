import FERCore
import Foundation
import Support

/// Reads a table row by row: CSV, TSV, or words between spaces. Only a piece of the file is in memory, so its
/// length does not matter.
///
/// Fields may stand in quotation marks, then they may hold separators, line ends and doubled quotation marks (RFC
/// 4180). Lines end in LF or CR LF; the last needs no end; a UTF-8 byte order mark is passed over.
public final class TableReader {
  /// What stands between two fields.
  public enum Separator: Sendable {
    /// A single sign; fields may stand in quotation marks.
    case comma, semicolon, tab
    /// Any number of spaces and tabs; quotation marks mean nothing.
    case spaces

    fileprivate var byte: UInt8? {
      switch self {
      case .comma: UInt8(ascii: ",")
      case .semicolon: UInt8(ascii: ";")
      case .tab: UInt8(ascii: "\t")
      case .spaces: nil
      }
    }
  }

  /// The longest row, in bytes: a face of 1000x1000 written in numbers has 4 MB.
  static let longestRow = 64 << 20

  /// The file.
  public let path: String
  private let file: OpenFile
  /// Where in the file the next bytes lie.
  private var offset = 0
  private var separator = Separator.comma
  private var buffer = [UInt8](repeating: 0, count: 1 << 20)
  /// What is read and not handed out: `start ..< end` of the buffer.
  private var start = 0
  private var end = 0
  private var isAtEnd = false
  private var line = 1

  /// Opens a file.
  /// - Parameter separator: nil chooses comma, semicolon or tab by what the first line holds most of.
  /// - Throws: a ``DataProblem`` where it cannot be opened, or is no text.
  public init(_ path: String, separator: Separator? = nil) throws(DataProblem) {
    self.path = path
    file = try FileBytes.opened(path)
    try checkStart()
    self.separator = separator ?? likelySeparator()
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

  /// The next row that holds something; nil after the last.
  /// - Parameter keepsBlank: whether an empty line counts as a row.
  /// - Throws: a ``DataProblem`` where a row has no end or the file cannot be read.
  public func next(keepsBlank: Bool = false) throws(DataProblem) -> TableRow? {
    while let row = try nextRow() { if keepsBlank || !row.isBlank { return row } }
    return nil
  }

  private func nextRow() throws(DataProblem) -> TableRow? {
    var scan = RowScan(separator: separator.byte)
    while true {
      if let length = scan.rowLength(in: buffer, from: start, to: end, isAtEnd: isAtEnd) {
        if length.total == 0 { return nil }
        let row = TableRow(line: line, fields: fields(start, length.content))
        start += length.total
        line += length.lines
        return row
      }
      if isAtEnd {
        throw DataProblem(path, "line \(line): a quotation mark is opened in this row and never closed")
      }
      guard end - start < Self.longestRow else {
        let what = scan.isQuoted ? "a quotation mark is opened and not closed" : "the row has no end"
        throw DataProblem(
          path, "line \(line): \(what) within \(Self.longestRow >> 20) MB; this is no table of that kind")
      }
      try fill()
    }
  }

  // MARK: fields

  private func fields(_ start: Int, _ count: Int) -> [ArraySlice<UInt8>] {
    let row = Array(buffer[start..<start + count])
    guard let byte = separator.byte else { return row.split(whereSeparator: Self.isSpace) }
    if !row.contains(0x22) { return row.split(separator: byte, omittingEmptySubsequences: false) }
    var fields: [ArraySlice<UInt8>] = []
    var place = 0
    while true {
      if place < row.count, row[place] == 0x22 {
        var text: [UInt8] = []
        place += 1
        while place < row.count {
          if row[place] == 0x22 {
            guard place + 1 < row.count, row[place + 1] == 0x22 else { break }
            place += 1
          }
          text.append(row[place])
          place += 1
        }
        place += 1
        // What stands between the closing mark and the separator belongs to the field.
        while place < row.count, row[place] != byte {
          text.append(row[place])
          place += 1
        }
        fields.append(text[...])
      } else {
        let end = row[min(place, row.count)...].firstIndex(of: byte) ?? row.count
        fields.append(row[min(place, row.count)..<end])
        place = end
      }
      guard place < row.count else { return fields }
      place += 1
      if place == row.count {
        fields.append([])
        return fields
      }
    }
  }

  // MARK: the file

  /// Reads on; moves what is left to the front, and makes room where a row is longer than the buffer.
  private func fill() throws(DataProblem) {
    if start > 0 {
      buffer.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        memmove(base, base + start, end - start)
      }
      (start, end) = (0, end - start)
    }
    if end == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
    let (count, failure) = buffer.withUnsafeMutableBytes { bytes in
      file.readToEnd(from: offset, into: UnsafeMutableRawBufferPointer(rebasing: bytes[end...]))
    }
    if let failure {
      throw DataProblem(path, "cannot be read: \(failure.reason)", isRequest: failure.isRequest)
    }
    isAtEnd = count == 0
    end += count
    offset += count
  }

  private func checkStart() throws(DataProblem) {
    while !isAtEnd && end < 4096 { try fill() }
    let head = buffer[..<min(end, 4096)]
    if head.isEmpty { throw DataProblem(path, "is empty (0 bytes)") }
    if head.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
      throw DataProblem(path, "is UTF-16 text; save it as UTF-8")
    }
    if head.starts(with: Array("PK\u{3}\u{4}".utf8)) {
      throw DataProblem(path, "is a zip archive or an Excel file, not text; unpack it, or save it as CSV")
    }
    if head.starts(with: [0x1F, 0x8B]) { throw DataProblem(path, "is packed by gzip; unpack it") }
    if head.contains(0) { throw DataProblem(path, "is no text: it holds zero bytes") }
    if !head.contains(0x0A), let place = head.firstIndex(of: 0x0D), place + 1 < head.endIndex {
      throw DataProblem(path, "has lines that end in a bare CR; save it with the line ends LF or CR LF")
    }
  }

  private func likelySeparator() -> Separator {
    let first = buffer[start..<end].prefix { $0 != 0x0A }
    func count(_ separator: Separator) -> Int { first.count { $0 == separator.byte } }
    return [.comma, .tab, .semicolon].max { count($0) < count($1) }.map { count($0) > 0 ? $0 : .comma }
      ?? .comma
  }
}

/// Looks for the end of a row. What it has seen it does not look at again when more of the file has been read.
private struct RowScan {
  let separator: UInt8?
  private(set) var isQuoted = false
  private var isFieldStart = true
  private var hasJustClosed = false
  private var lines = 0
  /// How far the row is known, from its start.
  private var seen = 0

  init(separator: UInt8?) { self.separator = separator }

  /// The bytes of the row's content, and those with its line end; nil where more has to be read. The total is 0 after
  /// the last row.
  mutating func rowLength(
    in buffer: [UInt8], from start: Int, to end: Int, isAtEnd: Bool
  ) -> (content: Int, total: Int, lines: Int)? {
    buffer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return nil }
      while true {
        let rest = end - start - seen
        let from = base + start + seen
        let found = rest > 0 ? memchr(from, 0x0A, rest) : nil
        guard found != nil || isAtEnd else { return nil }
        let length = found.map { UnsafeRawPointer($0) - from } ?? rest
        scanQuotes(UnsafeRawBufferPointer(start: from, count: length))
        if found == nil && isQuoted { return nil }
        lines += 1
        var content = seen + length
        seen += length + (found == nil ? 0 : 1)
        if !isQuoted {
          if content > 0, base.load(fromByteOffset: start + content - 1, as: UInt8.self) == 0x0D {
            content -= 1
          }
          return (content, seen, lines)
        }
      }
    }
  }

  private mutating func scanQuotes(_ bytes: UnsafeRawBufferPointer) {
    guard let separator, let base = bytes.baseAddress, isQuoted || memchr(base, 0x22, bytes.count) != nil
    else { return }
    for byte in bytes {
      if isQuoted {
        if byte == 0x22 { (isQuoted, hasJustClosed) = (false, true) }
      } else {
        // A doubled mark closes and opens again.
        isQuoted = byte == 0x22 && (isFieldStart || hasJustClosed)
        hasJustClosed = false
        isFieldStart = byte == separator
      }
    }
  }
}
