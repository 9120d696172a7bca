import Testing

@testable import FERCore

@Suite("Parts by evidence, changed answers, bars")
struct EvidencePartTests {
  private let key = EvidenceKey("doubt", .sample)

  /// Class 0 of two; right where the first probability is the larger.
  private func sample(_ doubt: Float?, isRight: Bool, label: Int? = 0) -> EvaluatedSample {
    let final: [Float] = isRight ? [0.9, 0.1] : [0.1, 0.9]
    var row = EvaluatedSample(id: "", label: label, primary: final, final: final)
    if let doubt { row.evidence[key] = [[doubt]] }
    return row
  }

  /// Sorted: 1 right, 2 right, 3 wrong, 4 wrong, 5 right; two parts of 5 hold 2 and 3.
  @Test("samples in parts of about the same size, from little to much")
  func parts() {
    let set = EvaluatedSet(
      classes: ["a", "b"],
      samples: [
        sample(5, isRight: true), sample(2, isRight: true), sample(nil, isRight: true),
        sample(4, isRight: false), sample(.nan, isRight: true), sample(9, isRight: true, label: nil),
        sample(1, isRight: true), sample(3, isRight: false),
      ])
    #expect(
      set.parts(by: key, count: 2) == [
        EvidencePart(bounds: 1...2, count: 2, right: 2), EvidencePart(bounds: 3...5, count: 3, right: 1),
      ])
    #expect(set.parts(by: key, count: 9).map(\.count) == [1, 1, 1, 1, 1])
    #expect(set.parts(by: EvidenceKey("other", .sample), count: 2).isEmpty)
  }

  @Test(
    "what became of an answer",
    arguments: [
      (0, 0, 0, .same), (0, 1, 1, .same), (0, 1, 0, .mended), (0, 0, 1, .broken), (0, 1, 2, .wrongAnew),
      (nil, 1, 2, .changed), (nil, 1, 1, .same),
    ] as [(Int?, Int, Int, AnswerChange)])
  func changes(_ label: Int?, _ before: Int, _ after: Int, _ expected: AnswerChange) {
    #expect(AnswerChange(label: label, before: before, after: after) == expected)
  }

  /// The widest of 1, 2 and 4 takes all the room, 420 − 8 − 6.6 − 60 = 345.4 pixels; a word has no bar.
  @Test("a table as bars: a group for each row, from 0 to the largest number")
  func bars() throws {
    let table = Table(
      "t", columns: ["name", "one", "no", "two"], rows: [["a", "1", "9", "4"], ["b", "2", "9", "<x>"]])
    guard
      case .figure(let svg, let caption, let numbers) = ReportSection.Item.bars(
        table, columns: ["one", "two", "none"], caption: "c")
    else {
      Issue.record("no figure")
      return
    }
    #expect(caption == "c" && numbers == table)
    let widths = svg.matches(of: /width="([0-9.]+)" height="10" fill="#/).map { Double($0.output.1) }
    // Two in the legend, then two for each row.
    #expect(widths == [10, 10, 86.4, 345.4, 172.7, 0])
    #expect(svg.contains("&lt;x&gt;") && !svg.contains(">9<"))
  }
}
