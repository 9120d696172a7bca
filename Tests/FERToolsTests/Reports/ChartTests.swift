import FERCore
import Testing

@testable import FERTools

@Suite("Charts of a report")
struct ChartTests {
  private func labels(_ scale: AxisScale) -> [String] { scale.ticks.map(scale.label) }

  @Test("round numbers around what is drawn, with the digits that they need")
  func round() {
    // 0.83 / 5 = 0.166: steps of 0.2 from 0.4 down to the multiple below 0.43 and up to the one above 1.26.
    let plain = AxisScale([0.43, 1.26])
    #expect(labels(plain) == ["0.4", "0.6", "0.8", "1.0", "1.2", "1.4"])
    #expect(plain.position(0.4) == 0 && abs(plain.position(0.9) - 0.5) < 1e-12)
    // 0.16 / 5 = 0.032: steps of 5 %.
    #expect(labels(AxisScale([0.41, 0.57], .share)) == ["40 %", "45 %", "50 %", "55 %", "60 %"])
    // 0.02 / 5 = 0.004: steps of 0.5 %.
    #expect(
      labels(AxisScale([0.9, 0.92], .share)) == ["90.0 %", "90.5 %", "91.0 %", "91.5 %", "92.0 %"])
    #expect(labels(AxisScale([0, 1], .share)) == ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"])
    // Numbers below 0: from -1 to 2 in steps of 1.
    #expect(labels(AxisScale([-0.9, 1.9])) == ["-1", "0", "1", "2"])
  }

  @Test("counts are whole, and may end where they end")
  func counts() {
    let epochs = AxisScale([1, 2, 12], .count, isTight: true)
    // 11 / 5 = 2.2: steps of 5.
    #expect(labels(epochs) == ["5", "10"] && epochs.low == 1 && epochs.high == 12)
    #expect(labels(AxisScale([1, 3], .count, isTight: true)) == ["1", "2", "3"])
    #expect(labels(AxisScale([4], .count, isTight: true)) == ["4"])
  }

  @Test("very small and very large numbers are powers of ten")
  func powers() {
    // 2e-4 / 5 = 4e-5: steps of 5e-5.
    #expect(labels(AxisScale([0, 0.0002])) == ["0", "5e-5", "1e-4", "1.5e-4", "2e-4"])
    #expect(labels(AxisScale([0, 4e6])) == ["0", "1e6", "2e6", "3e6", "4e6"])
  }

  @Test("a flat line, nothing at all, and what is no number")
  func degenerate() {
    for scale in [AxisScale([2, 2]), AxisScale([]), AxisScale([.nan, .infinity]), AxisScale([0])] {
      #expect(scale.low < scale.high && scale.ticks.count > 1)
    }
    // A share does not leave 0...1 for room.
    #expect(
      labels(AxisScale([0], .share)).first == "0.0 %" && labels(AxisScale([1], .share)).last == "100.0 %")
    #expect(LineChart("Loss", [LineChart.Line("a", [(1, nil), (2, .nan)])]).item() == nil)
  }

  @Test("the numbers that are drawn: a row for each place, a gap where a line has none")
  func numbers() {
    let chart = LineChart(
      "Loss",
      [
        LineChart.Line("training", [(1, 0.5), (2, 0.25), (3, .nan)]),
        LineChart.Line("validation", [(2, 0.75)]),
      ])
    #expect(
      chart.numbers
        == Table(
          "Loss", columns: ["epoch", "training", "validation"],
          rows: [["1", "0.5", ""], ["2", "0.25", "0.75"]]
        ))
    // One point is a dot, several are a line.
    #expect(chart.svg.components(separatedBy: "<circle").count == 2)
    #expect(chart.svg.components(separatedBy: "<polyline").count == 3)
  }

  @Test("a picture by itself has colours of its own and asks for nothing")
  func standalone() {
    var chart = LineChart("A < B", [LineChart.Line("x", [(1, 0.1), (2, 0.2)])])
    chart.mark = (2, "best epoch")
    #expect(chart.svg.contains("var(--c0,#0072b2)") && chart.svg.contains("A &lt; B"))
    let file = StandaloneSVG.text(chart.svg)
    #expect(!file.contains("var(") && file.contains("stroke=\"#0072b2\""))
    #expect(file.hasPrefix("<svg ") && file.contains("xmlns=\"http://www.w3.org/2000/svg\">"))
    #expect(StandaloneSVG.text("no figure") == "no figure")
  }

  @Test("a name that is too wide ends early, any other stays")
  func cut() {
    #expect(LabelWidth.cut("surprise", to: 110) == "surprise")
    let cut = LabelWidth.cut(String(repeating: "m", count: 40), to: 110)
    #expect(cut.hasSuffix("…") && LabelWidth.of(cut) <= 110 && cut.count == 10)
  }

  /// Class a: 3 of 4 found; class b: none of 1.
  @Test("confusion as counts and shares of the true class")
  func confusion() {
    var matrix = ConfusionMatrix(classCount: 3)
    for (truth, prediction) in [(0, 0), (0, 0), (0, 0), (0, 1), (1, 0)] {
      matrix.add(truth: truth, prediction: prediction)
    }
    let picture = ConfusionPicture(title: "Confusion", classes: ["a", "<b>", "c"], matrix: matrix)
    #expect(picture.numbers.rows.count == 9)
    #expect(picture.numbers.rows[0] == ["a", "a", "3", "0.75"])
    #expect(picture.numbers.rows[3] == ["<b>", "a", "1", "1.0"])
    // No image of class c: a count, and no share.
    #expect(picture.numbers.rows[8] == ["c", "c", "0", ""])
    #expect(picture.svg.contains(">75 %<") && picture.svg.contains("&lt;b&gt;"))
    #expect(picture.svg.components(separatedBy: "%<").count == 7)
  }
}
