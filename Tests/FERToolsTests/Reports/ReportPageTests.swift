import FERCore
import Foundation
import Support
import TestSupport
import Testing

@testable import FERTools

@Suite("The page of a report")
struct ReportPageTests {
  private func page(_ parts: ReportPart...) -> ReportPage {
    var page = ReportPage()
    for part in parts { page.add(part, of: ReportSubject(name: "run")) }
    return page
  }

  private func table(_ title: String, rows: Int) -> Table {
    Table(title, columns: ["name", "word", "value"], rows: (0..<rows).map { ["r\($0)", "w", "\($0).5"] })
  }

  @Test("each figure is two files, each table one, and no two have one name")
  func files() {
    let svg = "<svg width='50' viewBox='0 0 50 5'><rect fill='var(--ink,#222222)'/></svg>"
    let found = page(
      ReportPart("Some") { _ in
        [
          .figure(svg: svg, caption: "A & B", numbers: table("Some things", rows: 2)),
          .table(table("Some things", rows: 1)),
          .table(table("some Things", rows: 1)),
        ]
      },
      ReportPart("None") { _ in [] })
    #expect(
      found.files.map(\.name) == [
        "some-things.svg", "some-things.csv", "some-things-2.csv", "some-things-3.csv",
      ])
    #expect(found.files[0].text.contains("fill='#222222'"))
    #expect(found.files[2].text == "name,word,value\r\nr0,w,0.5\r\n")
    #expect(found.body.contains("A &amp; B") && found.headings.map(\.title) == ["Some"])
  }

  @Test("a part that fails is told in its place, and the others stay")
  func failing() {
    let found = page(
      ReportPart("Bad") { _ in throw DataProblem("face.png", "is <torn>") },
      ReportPart("Good") { _ in [.table(table("Good", rows: 1))] })
    #expect(found.headings.map(\.title) == ["Bad", "Good"])
    #expect(found.body.contains("This could not be made: face.png: is &lt;torn&gt;"))
  }

  @Test("a long table is cut on the page and whole in its file")
  func cut() {
    let found = page(ReportPart("Long", rowLimit: 3) { _ in [.table(table("Long", rows: 1200))] })
    #expect(found.body.components(separatedBy: "<tr>").count == 1 + 1 + 3)
    #expect(found.body.contains("The first 3 of 1,200 rows; all are in long.csv."))
    #expect(found.files[0].text.components(separatedBy: "\r\n").count == 1 + 1200 + 1)
  }

  @Test("columns of words keep left, sentences are no table, and few rows are not sorted")
  func tables() {
    let few = Report.html(of: table("x", rows: 2))
    #expect(few.contains("<table class=\"plain w2\">") && few.contains("<td>r1</td><td>w</td><td>1.5</td>"))
    #expect(Report.html(of: table("x", rows: 4)).contains("<table class=\"sortable w2\">"))
    let told = Report.html(of: Table("x", columns: ["warning"], rows: [["a < b"]]))
    #expect(told == "<div class=\"note\"><p>a &lt; b</p></div>\n")
    // Rows from elsewhere may be too short.
    #expect(Report.html(of: Table("x", columns: ["a", "b"], rows: [[]])).contains("<tr></tr>"))
  }

  @Test("the only script that may run is the one that sorts, and a page without such tables has none")
  func script() throws {
    let page = Report.page(titled: "x", Report.html(of: table("x", rows: 4)))
    #expect(page.components(separatedBy: "<script>").count == 2)
    let start = try #require(page.range(of: "<script>")?.upperBound)
    let end = try #require(page.range(of: "</script>")?.lowerBound)
    // Hexadecimal digits of the digest, two a byte.
    let bytes = Digest.sha256(String(page[start..<end])).reduce(into: [[Character]]()) { pairs, digit in
      if pairs.last?.count == 1 { pairs[pairs.count - 1].append(digit) } else { pairs.append([digit]) }
    }.compactMap { UInt8(String($0), radix: 16) }
    let digest = Data(bytes).base64EncodedString()
    #expect(page.contains("default-src 'none'") && page.contains("script-src 'sha256-\(digest)'"))
    #expect(!Report.page(titled: "x", Report.html(of: table("x", rows: 1))).contains("<script"))
  }

  @Test("numbers of many digits in groups of three")
  func grouped() {
    #expect(
      [0, 999, 1000, 3610, 1_234_567, -1000].map(\.grouped) == [
        "0", "999", "1,000", "3,610", "1,234,567", "-1,000",
      ])
  }

  @Test("a report is a page and a folder beside it; what it lacks is told")
  func written() throws {
    let folder = TestFolder()
    var subject = ReportSubject(name: "mine", remarks: [table("Relabelled", rows: 1)])
    subject.omissions = ["Everything: nobody looked"]
    try Report.write(subject, to: folder / "report-test.html")
    #expect(folder.names() == ["report-test", "report-test.html"])
    let page = try String(contentsOf: folder.url("report-test.html"), encoding: .utf8)
    #expect(page.contains("<h1>mine</h1>") && page.contains("<p>Everything: nobody looked</p>"))
    #expect(page.contains(">Relabelled</h2>"))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder / "report-test").sorted()
    #expect(files == ["relabelled.csv", "this-run.csv"])
    #expect(throws: (any Error).self) { try Report.write(subject, to: folder / "report-test.html/x.html") }
  }
}
