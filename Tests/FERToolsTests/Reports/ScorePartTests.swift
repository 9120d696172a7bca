import FERCore
import FERTraining
import TensorKit
import Testing

@testable import FERTools

@Suite("Parts of a report: balance, calibration, distributions")
struct ScorePartTests {
  /// McNemar's exact test of one against one: p = 1.
  @Test("what balancing did: scores, and answers mended and broken by class")
  func balance() throws {
    let items = try ReportPart.balance.items(HandMade.subject())
    let tables = items.tables
    #expect(tables.map(\.title).first == "What balancing did")
    #expect(
      tables[0].columns.contains("Brier") && tables[0].rows.map { $0[0] } == ["primary", "anchor", "final"])
    let changes = try #require(tables.last)
    #expect(
      changes.rows == [
        ["a", "2", "1", "0", "0", "50.0", "100.0"], ["b", "2", "0", "1", "0", "100.0", "50.0"],
        ["c", "1", "0", "0", "1", "0.0", "0.0"], ["all", "5", "1", "1", "1", "60.0", "60.0"],
      ])
    let caption = try #require(items.figures.first?.caption)
    #expect(caption.hasPrefix("Of 5 answers balancing mended 1, broke 1 and made 1 wrong in another way."))
    #expect(caption.hasSuffix("p = 1.000."))
    #expect(try ReportPart.balance.items(HandMade.subject(HandMade.plain)).isEmpty)
    #expect(try ReportPart.balance.items(ReportSubject(name: "nothing")).isEmpty)
  }

  @Test("a term that is the same for every image is named")
  func constantTerm() throws {
    let samples = HandMade.samples.map { row in
      var row = row
      row.terms = [[0.4, 0.3, 0.3]]
      return row
    }
    let tables = try ReportPart.balance.items(HandMade.subject(HandMade.set(samples))).tables
    let warnings = try #require(tables.first { $0.title == "Warnings on balancing" })
    #expect(warnings.rows[0][0].hasPrefix("correction \"anchor\" is nearly the same for every image"))
  }

  /// Final: 0.85 right, 0.70 right, 0.62 wrong, 0.90 right, 0.58 wrong, in bins of 1/15: the 13th, 11th, 10th, 14th and 9th.
  /// ECE = (0.15 + 0.30 + 0.62 + 0.10 + 0.58) / 5 = 0.35.
  @Test("reliability of primary and final, each bin with its numbers")
  func reliability() throws {
    let items = try ReportPart.calibration.items(HandMade.subject())
    let table = try #require(items.tables.first)
    #expect(table.title == "Reliability" && table.rows.count == 30)
    let final = table.rows.suffix(15)
    #expect(
      final.map { $0[3] } == ["0", "0", "0", "0", "0", "0", "0", "0", "1", "1", "1", "0", "1", "1", "0"])
    #expect(final[27] == ["final", "0.8000", "0.8667", "1", "0.8500", "1.0000"])
    #expect(final[15] == ["final", "0.0000", "0.0667", "0", "", ""])
    let caption = try #require(items.figures.first?.caption)
    #expect(caption.contains("final: ECE 0.3500, NLL ") && caption.hasPrefix("primary: ECE "), "\(caption)")
    let alone = try ReportPart.calibration.items(HandMade.subject(HandMade.plain)).tables
    #expect(alone[0].rows.count == 15)
  }

  /// Three sure answers, of which two are right, and an even one that is right by being the first class.
  @Test("thresholds as --abstain-below takes them, and what each is worth")
  func thresholds() {
    let final = LabelledDistributions(
      name: "final", rows: [[1, 0], [1, 0], [0.5, 0.5], [1, 0]], labels: [0, 1, 0, 0])
    #expect(
      ReportPart.thresholds(final).rows == [["0.0000", "100.0", "75.0"], ["1.0000", "75.0", "66.7"]])
  }

  @Test("a curve of many points keeps one for each hundredth, of few all")
  func hundredths() {
    let curve = { (count: Int) in
      CoverageCurve(
        confidences: (0..<count).map { Double($0) / Double(count) },
        isRight: [Bool](repeating: true, count: count))
    }
    let kept = ReportPart.hundredths(of: curve(1000)).map(\.coverage)
    #expect(kept.count == 100 && kept[0] == 0.01 && kept[49] == 0.5 && kept[99] == 1)
    #expect(ReportPart.hundredths(of: curve(7)).count == 7)
  }

  /// 0.7, 0.2 and 0.1 differ from their mean 1/3 by 0.36667, −0.13333 and −0.23333: the mean square is 0.068889. Of 0, 1, 2, 3
  /// and 4 the twentieth lies a fifth of the way from the first to the second.
  @Test("extremes, deviation and quantiles by hand")
  func shapes() throws {
    let shape = DistributionShape([0.7, 0.2, 0.1])
    #expect(abs(shape.maximum - 0.7) < 1e-6 && abs(shape.minimum - 0.1) < 1e-6)
    #expect(abs(shape.deviation - 0.262467) < 1e-6)
    #expect(DistributionShape([0.25, 0.25, 0.25, 0.25]).deviation == 0)
    let summary = try #require(NumberSummary([4, 0, 3, 1, 2]))
    #expect(summary.mean == 2 && summary.quantiles[1...3] == [1, 2, 3])
    #expect(abs(summary.quantiles[0] - 0.2) < 1e-12 && abs(summary.quantiles[4] - 3.8) < 1e-12)
    #expect(NumberSummary([]) == nil && NumberSummary([.nan]) == nil)
  }

  /// The largest final probabilities are 0.58, 0.62, 0.70, 0.85 and 0.90.
  @Test("distributions before and after, a card for each image, and the extremes of all")
  func distributions() throws {
    let items = try ReportPart.distributions.items(HandMade.subject())
    #expect(items.tables.map(\.title) == ["Extremes and deviations", "Distributions 1"])
    #expect(
      items.tables[0].rows[1]
        == ["maximum", "final", "0.7300", "0.5880", "0.6200", "0.7000", "0.8500", "0.8900"])
    let rows = items.tables[1].rows
    #expect(rows.count == 10)
    #expect(
      rows[1] == ["x/same.png", "a", "final", "0.8500", "0.1500", "0.0000", "0.8500", "0.0000", "0.3704"])
    let svg = try #require(items.figures.last?.svg)
    #expect(svg.components(separatedBy: "<image href=\"data:image/png;base64,").count == 6)
    #expect(svg.contains("max 0.90 → 0.85, min 0.00 → 0.00"))
    let alone = try ReportPart.distributions.items(HandMade.subject(HandMade.plain))
    #expect(alone.tables[1].rows.count == 5)
  }

  @Test("images are drawn by the seed, or named; one that is not there is an error")
  func choice() throws {
    let many = HandMade.set(
      (0..<100).map { HandMade.sample("face \($0)", 0, [1, 0, 0], [1, 0, 0], [1, 0, 0]) })
    let drawn = try ReportPart.shownImages(HandMade.subject(many), many).map(\.id)
    #expect(Set(drawn).count == 60 && drawn == many.samples.map(\.id).filter(drawn.contains))
    #expect(drawn != many.samples.prefix(60).map(\.id))
    #expect(try ReportPart.shownImages(HandMade.subject(many), many).map(\.id) == drawn)
    #expect(try ReportPart.distributions.items(HandMade.subject(many)).count == 6)

    let named = HandMade.subject(shown: ["surer.png", "x/same.png"])
    #expect(
      try ReportPart.shownImages(named, HandMade.set()).map(\.id) == ["y/surer.png", "x/same.png"])
    #expect {
      try ReportPart.shownImages(HandMade.subject(shown: ["x/sane.png"]), HandMade.set())
    } throws: { error in
      "\(error)".contains("no image of the 5 is called \"x/sane.png\"; did you mean \"x/same.png\"?")
    }
  }
}
