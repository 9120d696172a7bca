import Testing

@testable import Support

@Suite("Texts")
struct TextTests {
  @Test("columns of words start on the left, those of numbers end on the right; no line ends in blanks")
  func tables() {
    let rows = [["part", "used"], ["head", "7"], [], ["a", "1,000", "of 2"]]
    #expect(TextTable.text(rows) == "part  used\nhead  7\n\na     1,000  of 2")
    #expect(TextTable.text(rows, words: 1, indent: 1) == " part   used\n head      7\n\n a     1,000  of 2")
    #expect(TextTable.text([["a ", ""], ["bcd", "e"]]) == "a\nbcd  e")
    #expect(TextTable.text([]) == "")
  }

  @Test("numbers and times for people")
  func forPeople() {
    #expect(12.3456.rounded(places: 2) == "12.35" && 3.0.rounded(places: 1) == "3.0")
    #expect(7.6.rounded(places: 0) == "8" && Double.infinity.rounded(places: 1) == "inf")
    #expect(Clock.text(65) == "1:05" && Clock.text(3723) == "1:02:03" && Clock.text(.infinity) == "?")
  }

  @Test("fields of a table are quoted, formulas are disarmed, numbers are left alone")
  func csv() {
    #expect(CSV.field("plain") == "plain")
    #expect(CSV.field("a,\"b\"") == "\"a,\"\"b\"\"\"")
    #expect(CSV.field("two\nlines") == "\"two\nlines\"")
    #expect(CSV.field("=cmd|' /C calc'!A0") == "'=cmd|' /C calc'!A0")
    #expect(CSV.field("@x") == "'@x")
    #expect(CSV.field("-0.5") == "-0.5")
  }

  @Test("a printed text holds nothing that moves the cursor or turns the writing, and has an end")
  func printable() {
    #expect("a\u{1B}[2J\u{202E}\u{2028}é".printable == "a\\u{1b}[2J\\u{202e}\\u{2028}é")
    #expect(String(repeating: "x", count: 301).printable == String(repeating: "x", count: 300) + "...")
    #expect(["a", "b\n", "c"].listed(atMost: 2) == "a, b\\u{a} and 1 more" && ["a"].listed() == "a")
  }

  @Test("the nearest name is a third of the length away at most, and one edit in any case")
  func nearest() {
    #expect(NearestName.of("ancor", among: ["anchor", "attentive"]) == "anchor")
    #expect(NearestName.of("haed", among: ["head"]) == "head")  // two neighbours swapped: one edit
    #expect(NearestName.of("sgd", among: ["sam"]) == nil)  // two of three letters differ
    #expect(NearestName.of("ADAM", among: ["adam"]) == "adam")
    #expect(NearestName.of("smothing", among: ["smoothing", "nothing"]) == "smoothing")
    #expect(NearestName.of("x", among: []) == nil)
  }

  /// Megabytes are rounded up: 1.25 to 1.3, 85.3 to 86.
  @Test("bytes for people")
  func bytes() {
    let expected = [
      0: "0.0 MB", 1: "0.1 MB", 1_250_000: "1.3 MB", 9_900_000: "9.9 MB", 10_000_000: "10 MB",
      85_300_000: "86 MB", 586_000_000: "586 MB", 23_640_000_000: "23.6 GB", 384_000_000_000: "384.0 GB",
    ]
    for (count, text) in expected { #expect(ByteCount.text(count) == text) }
  }
}
