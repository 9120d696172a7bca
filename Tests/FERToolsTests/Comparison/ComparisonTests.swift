import FERCore
import FERTraining
import Foundation
import Support
import TestSupport
import Testing

@testable import FERTools

/// Answers to images of two classes, as distributions that leave no doubt.
private func answers(_ labels: [Int], _ predictions: [Int], classes: [String] = ["red", "blue"])
  -> EvaluatedSet
{
  EvaluatedSet(
    classes: classes,
    samples: zip(labels, predictions).enumerated().map { place, answer in
      let row: [Float] = answer.1 == 0 ? [0.75, 0.25] : [0.25, 0.75]
      return EvaluatedSample(id: "\(place).png", label: answer.0, primary: row, final: row)
    })
}

@Suite("The same images under two models")
struct PairedAnswersTests {
  /// Ten red images: the first is wrong on 1 to 5, the second on 0 alone. So the second mends five answers and breaks one:
  /// p = 2 (1 + 6) / 2⁶ = 0.218 75.
  @Test("counts and probability by hand")
  func byHand() throws {
    let labels = Array(repeating: 0, count: 10)
    let first = answers(labels, [0, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    let second = answers(labels, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    let pair = try PairedAnswers(first, second)
    #expect(pair.changes.count == 10 && pair.test.onlyFirst == 1 && pair.test.onlySecond == 5)
    #expect(pair.test.pValue == 0.21875 && pair.test.isExact)
  }

  @Test("images are met by name, classes too")
  func order() throws {
    let first = answers([0, 0, 1, 1], [0, 1, 1, 0])
    let turned = answers([1, 1, 0, 0], [1, 1, 1, 0], classes: ["blue", "red"])
    let second = EvaluatedSet(classes: turned.classes, samples: turned.samples.reversed())
    let pair = try PairedAnswers(first, second)
    #expect(pair.changes.mended == [1, 3] && pair.changes.broken == [2])
  }

  @Test("other images, labels or classes are named")
  func obstacles() {
    func text(_ first: EvaluatedSet, _ second: EvaluatedSet) -> String {
      do {
        _ = try PairedAnswers(first, second)
        return ""
      } catch { return error.description }
    }
    let set = answers([0, 1], [0, 1])
    #expect(text(set, answers([0, 0], [0, 1])) == "1.png is blue for the first, red for the second")
    #expect(text(set, answers([0], [0])) == "they were judged by 2 and 1 images")
    let other = answers([0, 1], [0, 1], classes: ["red", "green"])
    #expect(text(set, other) == "their classes differ: blue, green")
    var samples = set.samples
    samples[1].id = "other.png"
    #expect(
      text(set, EvaluatedSet(classes: set.classes, samples: samples))
        == "1.png is an image of the first alone")
  }
}

@Suite("Runs side by side")
struct ComparisonTests {
  private let shop: Workshop

  init() throws { shop = try Workshop() }

  private func run(_ name: String, _ set: EvaluatedSet, _ overrides: String...) throws -> ComparedRun {
    ComparedRun(
      path: shop.path + "/" + name, name: name,
      recipe: try Recipe.load(
        path: shop.path + "/tiny.json5", overrides: overrides, registry: shop.recipe.registry),
      weights: .last, epoch: 2, date: 0, parameters: 10, set: set, embeddings: nil, history: [], remarks: [])
  }

  /// Four red images of which so many are found.
  private func found(_ count: Int) -> EvaluatedSet {
    answers([0, 0, 0, 0], (0..<4).map { $0 < count ? 0 : 1 })
  }

  /// Accuracies 0.25, 0.5, 0.75 against 0.5, 1, 1 with the same seeds: means 0.5 and 0.8333, deviations 0.25 and 0.2887; the
  /// differences 0.25, 0.5, 0.25 have the mean 1/3 and the deviation 0.144 338, so ± 4.302 653 · 0.144 338 / √3 = 0.358 554.
  @Test("groups over seeds with intervals, the recipe's differences, and tests by seed, by hand")
  func seeds() throws {
    let runs = try [
      run("a/seed-1", found(1), "seed=1"), run("a/seed-2", found(2), "seed=2"),
      run("b/seed-1", found(2), "seed=1", "training.batch=4"),
      run("a/seed-3", found(3), "seed=3"),
      run("b/seed-2", found(4), "seed=2", "training.batch=4"),
      run("b/seed-3", found(4), "seed=3", "training.batch=4"),
    ]
    let comparison = try Comparison(runs, ComparisonRequest())
    #expect(comparison.groups.map(\.name) == ["a/seed-*", "b/seed-*"])
    #expect(comparison.groups.map(\.seeds) == [[1, 2, 3], [1, 2, 3]])
    #expect(comparison.recipeTable.rows == [["training.batch", "5", "4"]])
    let accuracy = comparison.scoreTable.rows.first { $0[0] == "accuracy, %" }
    #expect(accuracy == ["accuracy, %", "50.00 ± 25.00", "83.33 ± 28.87"])
    let table = try #require(comparison.differenceTable)
    #expect(table.columns == ["quantity", "b/seed-*"])
    #expect(table.rows.first { $0[0] == "accuracy, %" } == ["accuracy, %", "+33.33 (-2.52 to +69.19)"])
    #expect(table.rows.last == ["interval", "paired by seed"])
    // One image, two images, one image more: 2 / 2, 2 / 4, 2 / 2.
    #expect(
      comparison.testTable?.rows == [
        ["a/seed-1", "b/seed-1", "4", "0", "1", "1.0000", "exact"],
        ["a/seed-2", "b/seed-2", "4", "0", "2", "0.5000", "exact"],
        ["a/seed-3", "b/seed-3", "4", "0", "1", "1.0000", "exact"],
      ])
    #expect(comparison.remarks.isEmpty, "\(comparison.remarks)")
  }

  /// −ln 0.75 = 0.287 682; (0.25² + 0.25²) = 0.125; all right at 0.75: ECE 0.25.
  @Test("single runs have differences without intervals; proper scores by hand")
  func single() throws {
    let comparison = try Comparison(
      try [run("one", found(4)), run("other", found(0), "training.epochs=3")], ComparisonRequest())
    func row(_ name: String) -> [String]? { comparison.scoreTable.rows.first { $0[0] == name } }
    #expect(row("NLL") == ["NLL", "0.2877", "1.3863"])
    #expect(row("Brier") == ["Brier", "0.1250", "1.1250"])
    #expect(row("ECE primary") == ["ECE primary", "0.2500", "0.7500"])
    #expect(comparison.differenceTable?.rows[1] == ["accuracy, %", "-100.00"])
    #expect(comparison.differenceTable?.rows.last == ["interval", "single runs"])
  }

  @Test("the same seed twice says nothing of chance, and makes a group of its own")
  func twice() throws {
    let runs = try [run("one", found(4)), run("copy", found(4)), run("two", found(3), "seed=9")]
    let groups = RunGroup.groups(of: runs)
    #expect(groups.map { $0.runs.map(\.name) } == [["one", "two"], ["copy"]])
    #expect(RunGroup.name(for: ["x1", "y2"]) == "x1, y2")
  }

  @Test("runs that cannot be compared are named, and not tested")
  func different() throws {
    let other = answers([0, 0, 0, 0], [0, 0, 0, 0], classes: ["red", "green"])
    let comparison = try Comparison(
      try [run("one", found(4)), run("other", other, "input.size=9")], ComparisonRequest())
    #expect(comparison.testTable?.rows == [["one", "other", "–", "–", "–", "–", "–"]])
    #expect(
      comparison.remarks == [
        "one and other are not tested against each other, and their numbers cannot be compared: their classes differ: "
          + "blue, green"
      ])
  }

  @Test("images of the same names that were other files are told by name")
  func otherFiles() throws {
    for (name, digest) in [("one", "0a"), ("same", "0a"), ("other", "0b")] {
      let folder = shop.path + "/" + name
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let lines = ["train", "validation"].map {
        #"{"set": "\#($0)", "file": "0.png", "class": "red", "bytes": 9, "sha256": "\#($0 == "train" ? "0a" : digest)"}"#
      }
      try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: folder + "/data.jsonl")
    }
    let runs = try [run("one", found(4)), run("same", found(3)), run("other", found(2))]
    let comparison = try Comparison(runs, ComparisonRequest())
    #expect(comparison.pairs.map { $0.answers == nil } == [false, true, true])
    #expect(
      comparison.remarks.first
        == "one and other are not tested against each other, and their numbers cannot be compared: validation: 0.png: has "
        + "changed; still 9 bytes")
  }

  @Test("what is read back of a table of predictions is what was written")
  func predictions() throws {
    let classes = ["red", "<b>green, \"dark\"</b>", "=blue"]
    let rows: [[Float]] = [[0.1, 0.2, 0.7], [1e-9, 1, 0], [0.3333333, 0.3333334, 0.3333333]]
    let set = EvaluatedSet(
      classes: classes, termNames: ["anchor"],
      samples: rows.indices.map {
        EvaluatedSample(
          id: "a, b/\($0).png", label: $0 == 1 ? nil : $0, primary: rows[$0], terms: [rows[2 - $0]],
          final: rows[(1 + $0) % 3])
      })
    let folder = TestFolder()
    try AtomicFile.write(set.predictionTable, to: folder / "p.csv")
    let read = try EvaluatedSet(predictionTable: folder / "p.csv", classes: classes)
    #expect(read.samples == set.samples && read.termNames == ["anchor"])
    let problem = #expect(throws: FileProblem.self) {
      try EvaluatedSet(predictionTable: folder / "p.csv", classes: ["red", "green", "blue"])
    }
    #expect(problem?.description.contains("is not of the classes red, green, blue") == true)
  }

  @Test("runs are called by what tells their paths apart")
  func names() throws {
    try shop.run("one")
    try shop.run("other")
    #expect(try RunList([shop.path + "/one", shop.path + "/other"]).names == ["one", "other"])
    #expect(try RunList([shop.path + "/one/"]).names == ["one"])
    #expect(try RunList([shop.path + "/one", shop.path + "/one"]).names == ["one", "one"])
    let problem = #expect(throws: RunProblem.self) { try RunList([shop.path]) }
    #expect(problem?.description.contains("is neither the folder of a run nor that of a sweep") == true)
  }
}
