import ARBEx
import FERCore
import FERData
import FERTraining
import Foundation
import Support
import TestSupport
import Testing

@testable import FERTools

/// Gives every second sample of the list another label: what an image is taken for depends on the others.
private final class EverySecond: LabelPolicy {
  typealias Options = NoOptions
  init(_ options: NoOptions) {}
  func begin(_ samples: inout [Sample], in setting: TrainingSetting) {
    for place in samples.indices where place % 2 == 1 {
      samples[place].label = (samples[place].label + 1) % 3
    }
  }
}

private enum EverySecondPlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.labelPolicies.register("every-second", EverySecond.self)
  }
}

@Suite("data suspects", .serialized)
struct SuspectVerbTests {
  @Test(
    "wrong labels come first with what they should be; nothing of the user's changes; finished folds are not repeated"
  )
  func wrongLabels() throws {
    let faces = try ColouredFaces(["train": 20], wrong: 2)
    let before = try snapshot(faces.folder / "faces")
    let command = [
      "data", "suspects", faces.recipe, "--folds", "3", "--out", faces.folder / "out", "--count", "6",
    ]
    let run = { (more: [String]) in Answer(command + more, plugins: [TinyPlugin.self]) }
    let answer = run([])
    #expect(answer.code == 0, "\(answer.remarks)")
    #expect(answer.output.contains("60 images, each judged by a model that was trained without it"))
    #expect(
      answer.output.contains("wrong labels by confident learning") && !answer.output.contains("replaced"))

    let suspects = faces.table("out/suspects.csv")
    #expect(suspects.count == 6)
    let wrong = suspects.filter { $0["image"]?.contains("wrong") == true }
    #expect(wrong.count >= 5, "\(suspects)")
    for row in wrong {
      let given = try #require(ColouredFaces.classes.firstIndex { $0 == row["given label"] })
      #expect(row["suggested label"] == ColouredFaces.classes[(given + 1) % 3])
    }
    let scores = suspects.compactMap { Double($0["final score"] ?? "") }
    #expect(scores == scores.sorted() && scores.count == 6)

    // Every image once, by the model of its fold, with the columns of a run's table.
    let predictions = faces.table("out/predictions.csv")
    let folds = faces.table("out/folds.csv")
    #expect(
      predictions.map { $0["image"] } == folds.map { $0["image"] }
        && Set(folds.map { $0["image"] }).count == 60)
    #expect(
      Set(predictions[0].keys).isSuperset(of: [
        "class", "primary", "final", "confidence", "tiny red", "final blue",
      ]))
    for fold in ["1", "2", "3"] { #expect(folds.count { $0["fold"] == fold } == 20) }
    #expect(
      suspects.allSatisfy { row in folds.contains { $0["image"] == row["image"] && $0["fold"] == row["fold"] }
      })
    let page = String(decoding: try #require(faces.bytes("out/suspects.html")), as: UTF8.self)
    #expect(page.components(separatedBy: "<img src=\"data:image/png;base64,").count == 7)
    #expect(faces.bytes("out/fold-3/report.html") != nil)
    #expect(try snapshot(faces.folder / "faces") == before)

    let times = faces.bytes("out/fold-2/timings.jsonl")
    let again = run(["--json"])
    #expect(again.code == 0 && faces.bytes("out/fold-2/timings.jsonl") == times)
    let json = try again.json()
    #expect(
      (json["suspects"] as? [[String: Any]])?.map { $0["image"] as? String } == suspects.map { $0["image"] })
    #expect(json["images"] as? Int == 60 && (json["replaced"] as? [Any])?.isEmpty == true)

    let other = faces.arbex("data", "suspects", faces.recipe, "--folds", "4", "--out", faces.folder / "out")
    #expect(other.code == 2 && other.remarks.contains("holds folds of another search"), "\(other.remarks)")
    let changed = run(["--set", "training.epochs=3"])
    #expect(
      changed.code == 2 && changed.remarks.contains("training.epochs: was 12, is 3"), "\(changed.remarks)")
  }

  @Test("a fold that was stopped in its middle goes on to the same bits")
  func resumed() throws {
    let faces = try ColouredFaces(["train": 6, "validation": 2])
    let whole = faces.arbex("data", "suspects", faces.recipe, "--folds", "2", "--out", faces.folder / "whole")
    #expect(whole.code == 0, "\(whole.remarks)")
    let recipe = try Recipe.load(path: faces.recipe, registry: Registry.builtins(and: [TinyPlugin.self]))
    let search = try SuspectSearch(
      recipe, folds: 2, in: faces.folder / "split", console: Console(descriptor: -1), report: Report.write)
    let session = TrainingSession(
      recipe, in: faces.folder / "split/fold-1", console: Console(descriptor: -1), report: Report.write)
    let validation = try RecipeImages.load(.validation, of: recipe)
    #expect(
      try session.start(train: search.training(fold: 0), validation: validation, steps: 5)
        == .stoppedAtLimit(step: 5))
    // Nobody goes on with a fold as if it were a run of all images.
    let run = faces.arbex("train", faces.folder / "split/fold-1", "--resume")
    #expect(
      run.code == 2 && run.remarks.contains("are not those that it has been trained on"), "\(run.remarks)")
    let rest = faces.arbex("data", "suspects", faces.recipe, "--folds", "2", "--out", faces.folder / "split")
    #expect(rest.code == 0 && rest.output == whole.output, "\(rest.remarks)")
    for file in [
      "predictions.csv", "suspects.csv", "folds.csv", "fold-1/metrics.jsonl", "fold-2/metrics.jsonl",
    ] {
      #expect(
        faces.bytes("whole/" + file) == faces.bytes("split/" + file) && faces.bytes("whole/" + file) != nil,
        "\(file)")
    }
  }

  @Test(
    "replaced labels are replaced in every fold, judged as they are trained on, and counted where they are found"
  )
  func replaced() throws {
    let faces = try ColouredFaces(["train": 20])
    let answer = faces.arbex(
      "data", "suspects", faces.recipe, "--folds", "3", "--out", faces.folder / "out", "--set",
      "labels=[{ use: \"noise\", share: 0.2 }]", "--json")
    #expect(answer.code == 0, "\(answer.remarks)")
    // What was replaced stands beside each fold's run; an image is in the training sets of two of three.
    var changes: [String: [String]] = [:]
    for fold in 1...3 {
      for row in faces.table("out/fold-\(fold)/label-noise.csv") {
        changes[row["id"] ?? "", default: []].append(row["to"] ?? "")
      }
    }
    let predictions = faces.table("out/predictions.csv")
    let replaced = predictions.filter { $0["image"]?.hasPrefix("\($0["class"] ?? "")/") == false }
    #expect(replaced.count == changes.count && (5...20).contains(replaced.count))
    for row in replaced {
      let name = row["class"] ?? ""
      #expect(changes[row["image"] ?? ""] == [name, name])
    }
    let found = try #require(try answer.json()["replaced"] as? [[String: Any]])
    #expect(found.prefix(2).map { $0["distribution"] as? String } == ["primary", "final"])
    for row in found.prefix(2) {
      #expect(row["length"] as? Int == replaced.count && row["replaced"] as? Int == replaced.count)
      let (share, chance) = (row["share"] as? Double ?? 0, row["chance"] as? Double ?? 1)
      #expect(isClose(chance, Double(replaced.count) / 60) && share >= 0.6, "\(row)")
    }
    #expect(
      faces.table("out/suspects.csv").allSatisfy {
        $0["image"]?.hasPrefix("\($0["label in the data"] ?? "")/") == true
      })
  }

  @Test("what cannot be done is told before anything is trained")
  func wrong() throws {
    let faces = try ColouredFaces(["train": 2])
    let out = faces.folder / "out"
    let run = { (more: [String]) in
      Answer(
        ["data", "suspects", faces.recipe, "--out", out] + more,
        plugins: [TinyPlugin.self, EverySecondPlugin.self])
    }
    let many = run(["--folds", "7"])
    #expect(many.code == 2 && many.remarks.contains("7 folds need at least 7 images; there are 6"))
    #expect(run(["--folds", "1"]).code == 2)
    let policy = run(["--folds", "2", "--set", "labels=[{ use: \"every-second\" }]"])
    #expect(
      policy.code == 2 && policy.remarks.contains("gives images other labels where some of them are left out")
    )
    #expect(!FileManager.default.fileExists(atPath: out + "/fold-1"))
    try AtomicFile.write("{}", to: faces.folder / "recipe.json5")
    let isRun = faces.arbex("data", "suspects", faces.recipe, "--out", faces.folder.path)
    #expect(isRun.code == 2 && isRun.remarks.contains("is the folder of a run"))
  }

  /// Every file below a folder, with its digest.
  private func snapshot(_ folder: String) throws -> [String: String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
    return Dictionary(
      uniqueKeysWithValues: names.map { name in
        (
          name,
          FileManager.default.contents(atPath: folder + "/" + name).map { $0.base64EncodedString() } ?? ""
        )
      })
  }
}
