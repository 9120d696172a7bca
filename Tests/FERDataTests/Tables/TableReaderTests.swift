import FERCore
@testable import FERData
import Foundation
import Testing

@Suite("Tables")
struct TableReaderTests {
  private struct Case: Decodable {
    let text: String
    let rows: [[String]]
  }

  private func rows(_ text: String, _ separator: TableReader.Separator? = nil) throws -> [[String]] {
    try rows(Array(text.utf8), separator)
  }

  private func rows(_ bytes: [UInt8], _ separator: TableReader.Separator? = nil) throws -> [[String]] {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let reader = try TableReader(try folder.write(bytes, to: "table.csv"), separator: separator)
    var rows: [[String]] = []
    while let row = try reader.next() { rows.append(row.fields.map { String(decoding: $0, as: UTF8.self) }) }
    return rows
  }

  /// 120 tables by Python's csv module: quotes, separators and line ends in fields, CR LF, marks of byte order.
  @Test("fields are what Python's csv module reads")
  func asPython() throws {
    for (index, example) in try datasetFixture("tables.json", as: [Case].self).enumerated() {
      #expect(try rows(example.text) == example.rows, "table \(index)")
    }
  }

  @Test("a table longer than the buffer, with rows across its borders")
  func longer() throws {
    // Rows of 1 to 3000 bytes, 3 MB in all, some with a line end in quotation marks.
    let wanted = (0..<2000).map { number in
      ["\(number)", String(repeating: "x", count: number * 7919 % 3000), number % 5 == 0 ? "a\nb" : "c"]
    }
    let text = wanted.map { "\($0[0]),\($0[1]),\"\($0[2])\"\n" }.joined()
    #expect(text.utf8.count > 2 << 20)
    #expect(try rows(text) == wanted)
  }

  @Test("a field of ten megabytes is a field")
  func longField() throws {
    let field = String(repeating: "12 ", count: 3_500_000)
    let found = try rows("a,b\n1,\(field)\n2,x\n")
    #expect(found.map(\.count) == [2, 2, 2] && found[1][1].utf8.count == field.utf8.count)
  }

  @Test("rows tell the line they begin in; blank ones are passed over")
  func lines() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let path = try folder.write(Array("a,b\n\n\"1\n2\",3\r\n   \n4,5".utf8), to: "t.csv")
    let reader = try TableReader(path)
    var lines: [Int] = []
    while let row = try reader.next() { lines.append(row.line) }
    #expect(lines == [1, 3, 6])
  }

  @Test("words between spaces")
  func words() throws {
    #expect(try rows("a.jpg  3\n\n\tb.jpg\t4 \r\n", .spaces) == [["a.jpg", "3"], ["b.jpg", "4"]])
  }

  @Test(
    "what is no table says what it is",
    arguments: [
      ([], "is empty (0 bytes)"),
      ([0xFF, 0xFE, 0x61, 0], "is UTF-16 text; save it as UTF-8"),
      (
        Array("PK\u{3}\u{4}rest".utf8),
        "is a zip archive or an Excel file, not text; unpack it, or save it as CSV"
      ),
      ([0x1F, 0x8B, 8, 0], "is packed by gzip; unpack it"),
      (Array("a,b\n1,\0".utf8), "is no text: it holds zero bytes"),
      (Array("a,b\r1,2\r".utf8), "has lines that end in a bare CR; save it with the line ends LF or CR LF"),
      (Array("a,b\n1,\"2\n3,4\n".utf8), "line 2: a quotation mark is opened in this row and never closed"),
    ] as [([UInt8], String)])
  func noTable(bytes: [UInt8], sentence: String) throws {
    #expect(problem { try rows(bytes) }.hasSuffix(": " + sentence))
  }

  @Test("bytes that are no text are no text, and errors show them without harm")
  func badText() throws {
    let row = TableRow(
      line: 1, fields: [[0xFF, 0x41], Array("a\u{1B}[31m".utf8)[...], Array("７".utf8)[...]])
    #expect(row.text(0) == nil && row.text(5) == "" && row.number(2) == nil)
    #expect(row.shown(1) == "\"a [31m\"" && row.shown(5) == "nothing")
  }

  @Test("ten problems are told, the others counted")
  func problems() {
    var list = ProblemList("list.txt")
    #expect(throws: Never.self) { try list.check(hint: "a hint") }
    list.add(line: 3, "one")
    #expect(problem { try list.check(hint: "a hint") } == "list.txt: line 3: one\n  a hint")
    for line in 4..<15 { list.add(line: line, "more") }
    let text = problem { try list.check() }
    #expect(text.hasPrefix("list.txt: 12 problems\n  line 3: one\n  line 4: more\n"))
    #expect(text.hasSuffix("\n  line 12: more\n  and 2 more"))
  }

  @Test(
    "listed paths stay below the folder",
    arguments: [
      ("a/b.png", "a/b.png"), ("./a//b.png", "a/b.png"), ("a/../b.png", "b.png"),
      ("/data/faces/a.png", "a.png"),
      ("a\\b.png", "a/b.png"), ("..a/b", "..a/b"), ("../b.png", nil), ("a/../../b.png", nil),
      ("/data/facesx/a.png", nil),
      ("/data/faces/../a.png", nil), ("/etc/passwd", nil), ("", nil), (".", nil), ("/data/faces", nil),
      ("a\0b", nil),
      ("..\\b.png", nil),
    ] as [(String, String?)])
  func paths(listed: String, expected: String?) {
    #expect((try? ListedPath.below("/data/faces", listed).get()) == expected)
  }
}
