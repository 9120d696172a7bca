import FERCore
import Foundation
import Support
import Testing

@testable import FERTools
@testable import FERTraining

/// Parts of a report on evaluations made by hand.
@Suite("Parts of a report")
struct PartTests {
  private func row(
    _ id: String, _ label: Int, primary: Int, final: Int, group: String = "",
    _ attributes: [String: String] = [:]
  ) -> EvaluatedSample {
    let one = { (place: Int) -> [Float] in (0..<3).map { $0 == place ? 0.8 : 0.1 } }
    var sample = EvaluatedSample(
      id: id, label: label, primary: one(primary), terms: [one(final)], final: one(final))
    (sample.group, sample.attributes) = (group, attributes)
    return sample
  }

  private func evaluation(_ samples: [EvaluatedSample], terms: [String] = ["anchor"]) -> Evaluation {
    Evaluation(EvaluatedSet(classes: ["a", "b", "c"], termNames: terms, samples: samples))
  }

  private func tables(_ part: ReportPart, _ subject: ReportSubject) throws -> [Table] {
    try part.items(subject).compactMap { if case .table(let table) = $0 { table } else { nil } }
  }

  /// Primary: a found in 1 of 2, b in 1 of 1, c in 0 of 1, which it never names. Precision of a: 1 of 1, of b: 1 of 3; F1 of
  /// a: 2 · 1 / (2 + 1), of b: 2 / (1 + 3). Final: all of a and c found, b too.
  @Test("each class, and the one that is never predicted")
  func classes() throws {
    let samples = [
      row("1", 0, primary: 0, final: 0), row("2", 0, primary: 1, final: 0), row("3", 1, primary: 1, final: 1),
      row("4", 2, primary: 1, final: 2),
    ]
    let found = try tables(.classes, ReportSubject(name: "x", evaluation: evaluation(samples)))
    #expect(found[0].rows == [["\"c\" is never predicted (primary), though 1 image is of that class."]])
    #expect(
      found[1].columns == [
        "class", "images", "primary precision, %", "primary recall, %", "primary F1, %",
        "corrected precision, %", "corrected recall, %", "corrected F1, %",
      ])
    #expect(found[1].rows[0] == ["a", "2", "100.00", "50.00", "66.67", "100.00", "100.00", "100.00"])
    #expect(found[1].rows[1] == ["b", "1", "33.33", "100.00", "50.00", "100.00", "100.00", "100.00"])
    #expect(found[1].rows[2] == ["c", "1", "–", "0.00", "0.00", "100.00", "100.00", "100.00"])
    // Without terms both distributions are the same, and told once.
    let plain = try tables(.classes, ReportSubject(name: "x", evaluation: evaluation(samples, terms: [])))
    #expect(plain.map(\.title) == ["Each class"] && plain[0].columns.count == 5)
  }

  /// Ada: 20 images, primary right in 10, final in 15. Bo: 20, 18 and 16. Cy: one image, wrong.
  @Test("the worst group and the gap; groups of few images are neither, and come last")
  func groups() throws {
    let people: [(name: String, count: Int, primary: Int, final: Int)] = [
      ("Cy", 1, 0, 0), ("Bo", 20, 18, 16), ("Ada", 20, 10, 15),
    ]
    let samples = people.flatMap { person in
      (0..<person.count).map { place in
        row(
          "\(person.name) \(place)", 0, primary: place < person.primary ? 0 : 1,
          final: place < person.final ? 0 : 1, group: person.name, ["gender": person.name == "Bo" ? "m" : "f"]
        )
      }
    }
    let found = try tables(.groups, ReportSubject(name: "x", evaluation: evaluation(samples)))
    #expect(found.map(\.title) == ["Worst group and gap", "By group", "By gender"])
    #expect(
      found[0].rows[0]
        == ["group", "3", "2", "0"] + ["Ada", "50.00", "Bo", "90.00", "40.00"]
        + ["Ada", "75.00", "Bo", "80.00", "5.00"])
    #expect(found[1].rows.map(\.first) == ["Ada", "Bo", "Cy"])
    #expect(found[1].rows[0].prefix(3) == ["Ada", "20", "50.00"])
    // f: 15 of 21.
    #expect(found[2].rows.map { $0[4] } == ["71.43", "80.00"])
    #expect(try tables(.groups, ReportSubject(name: "x", evaluation: evaluation([]))).isEmpty)
  }

  @Test("what is lost on images of fewer pixels")
  func shrunk() throws {
    let whole = evaluation([
      row("1", 0, primary: 0, final: 0), row("2", 0, primary: 1, final: 0), row("3", 1, primary: 1, final: 1),
      row("4", 2, primary: 1, final: 2),
    ])
    let small = evaluation([
      row("1", 0, primary: 0, final: 0), row("2", 0, primary: 1, final: 1), row("3", 1, primary: 0, final: 1),
      row("4", 2, primary: 1, final: 1),
    ])
    var subject = ReportSubject(name: "x", evaluation: whole)
    #expect(try tables(.shrunkInputs, subject).isEmpty)
    subject.shrunk = [ShrunkScore(0.25, small)]
    let found = try #require(try tables(.shrunkInputs, subject).first)
    #expect(
      found.columns == [
        "shrunk to, %", "primary accuracy, %", "corrected accuracy, %",
        "primary loss, points", "corrected loss, points",
      ])
    #expect(
      found.rows == [
        ["100", "50.00", "100.00", "0.00", "0.00"], ["25", "25.00", "50.00", "25.00", "50.00"],
      ])
  }

  private func history(_ lines: String...) -> [LogLine] { lines.compactMap { LogLine($0) } }

  private func charts(_ history: [LogLine]) throws -> [String: Table] {
    let items = try ReportPart.trainingCurves.items(ReportSubject(name: "x", history: history))
    return items.reduce(into: [:]) { found, item in
      if case .figure(_, _, let numbers) = item { found[numbers.title] = numbers }
    }
  }

  @Test("curves of every loss, the learning rate, and accuracy of primary and corrected")
  func curves() throws {
    let step =
      #""images": 8, "loss": 2, "losses": {"nll": 1.5}, "primary": {"accuracy": 0.25}, "corrected": {"accuracy": 0.5}}"#
    let lines = history(
      #"{"event": "step", "epoch": 1, "step": 1, "learningRate": 0.1, "# + step,
      #"{"event": "step", "epoch": 1, "step": 2, "learningRate": 0.2, "# + step,
      #"{"event": "epoch", "epoch": 1, "step": 2, "learningRate": 0.1, "# + step,
      #"{"event": "validation", "epoch": 1, "step": 2, "loss": 3, "primary": {"accuracy": 0.125}, "corrected": {"accuracy": 0.375}}"#
    )
    let found = try charts(lines)
    #expect(Set(found.keys) == ["Accuracy", "Loss", "Loss nll", "Learning rate"])
    #expect(
      found["Accuracy"]?.columns == [
        "epoch", "training corrected", "validation corrected", "training primary", "validation primary",
      ])
    #expect(found["Accuracy"]?.rows == [["1", "0.5", "0.375", "0.25", "0.125"]])
    #expect(found["Loss"]?.rows == [["1", "2.0", "3.0"]])
    // Two steps are an epoch: they began at 0 and a half.
    #expect(found["Learning rate"]?.rows == [["0", "0.1"], ["0.5000", "0.2"]])

    // Before the first epoch has ended: by step.
    let early = try charts(Array(lines.prefix(2)))
    #expect(early["Loss"]?.columns.first == "step" && early["Loss"]?.rows.map(\.first) == ["1", "2"])
    #expect(try charts([]).isEmpty)
  }
}
