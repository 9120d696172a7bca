import ARBEx
import FERCore
import FERData
import FERTools
import FERTraining
import Foundation
import NeuralKit
import Support
import TestSupport
import Testing

/// Runs of the quickstart on three files of bars for each class.
@Suite("reproduce from the command line", .serialized)
final class ReproduceVerbTests {
  private let folder = TestFolder()
  private var data: String { folder / "data" }
  private var run: String { folder / "run" }

  init() throws {
    for (label, name) in ["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger"].enumerated() {
      try FileManager.default.createDirectory(atPath: "\(data)/\(name)", withIntermediateDirectories: true)
      for number in 1...3 { try picture(label, "\(name)/\(number).png") }
    }
  }

  private func picture(_ label: Int, _ name: String) throws {
    try ImageFile.writePNG(Bars.picture(label), path: "\(data)/\(name)")
  }

  /// Twenty-one images in batches of 8, three steps an epoch; each step is noted.
  @discardableResult
  private func train(_ more: String...) -> Answer {
    let set = "{ use: \"class-folders\", root: \"\(data)\" }"
    return Answer(
      ["train", ShippedRecipe.path("quickstart"), "--out", run]
        + [
          "data.train=\(set)", "data.validation=\(set)", "training.epochs=2", "training.batch=8",
          "training.logSteps=1",
        ].flatMap { ["--set", $0] } + more)
  }

  private func reproduce(_ more: String...) -> Answer { Answer(["reproduce", run] + more) }

  private func edit(_ name: String, _ old: String, _ new: String) throws {
    let path = "\(run)/\(name)"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains(old))
    try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
  }

  @Test("an untouched run is identical, and the copy is removed; --out keeps it")
  func untouched() throws {
    #expect(train().code == 0)
    let answer = reproduce()
    // Two epochs of three steps, an epoch and a validation.
    #expect(
      answer.code == 0 && answer.output.hasPrefix("identical: 10 lines of metrics.jsonl, "), "\(answer)")
    #expect(answer.output.contains("predictions of 21 images"), "\(answer.output)")
    #expect(answer.remarks.isEmpty, "\(answer.remarks)")
    #expect(!FileManager.default.fileExists(atPath: run + "-reproduced"))
    let kept = reproduce("--out", folder / "copy", "--json")
    #expect(kept.code == 0)
    #expect(try kept.json()["identical"] as? Bool == true)
    for file in ["data.jsonl", "metrics.jsonl", "checkpoints/last.safetensors", "predictions.csv"] {
      let contents = [run, folder / "copy"].map { FileManager.default.contents(atPath: "\($0)/\(file)") }
      #expect(contents[0] == contents[1] && contents[0] != nil, "\(file)")
    }
    let taken = reproduce("--out", folder / "copy")
    #expect(taken.code == 2 && taken.remarks.contains("exists already"))
  }

  @Test("a changed seed: named before, and the first difference told with its step and both values")
  func seed() throws {
    train()
    try edit("recipe.json5", "\"seed\": 1", "\"seed\": 2")
    let answer = reproduce()
    #expect(answer.code == 1)
    #expect(answer.remarks.contains("note: recipe.json5 has been changed since: seed: was 1, is 2"))
    let lines = try ["run", "run-reproduced"].map {
      try String(contentsOfFile: folder / "\($0)/metrics.jsonl", encoding: .utf8).split(separator: "\n")
    }
    // It ends at once.
    #expect(lines.map(\.count) == [10, 1])
    struct Step: Decodable { let loss: Double }
    let losses = try lines.map { try JSONDecoder().decode(Step.self, from: Data($0[0].utf8)).loss }
    #expect(
      answer.output
        == "different: metrics.jsonl, step 1: loss is \(losses[0]) in the run, \(losses[1]) in its reproduction\n"
    )
  }

  @Test("a changed, a missing and an added image are named, and nothing is run; --anyway goes on")
  func images() throws {
    train()
    try picture(5, "happy/2.png")
    try FileManager.default.removeItem(atPath: "\(data)/sad/3.png")
    try picture(4, "fear/4.png")
    let answer = reproduce()
    #expect(answer.code == 2 && answer.output.isEmpty)
    for text in [
      "train: happy/2.png: has changed", "train: sad/3.png: is missing", "train: fear/4.png: was not there",
      "validation: happy/2.png: has changed",
    ] { #expect(answer.remarks.contains(text), "\(answer.remarks)") }
    #expect(!FileManager.default.fileExists(atPath: run + "-reproduced"))

    // The same images again but for one.
    try picture(2, "sad/3.png")
    try FileManager.default.removeItem(atPath: "\(data)/fear/4.png")
    let one = reproduce()
    #expect(one.code == 2 && one.remarks.contains("happy/2.png") && !one.remarks.contains("sad/3.png"))
    let anyway = reproduce("--anyway")
    #expect(anyway.code == 1 && anyway.output.contains("metrics.jsonl, step"), "\(anyway.output)")
    #expect(anyway.remarks.contains("the data are not what they were"))
  }

  @Test("a stopped run is compared as far as it came, within an epoch and between two")
  func stopped() throws {
    train("--max-steps", "2")
    let within = reproduce()
    #expect(within.code == 0 && within.output.contains("identical: 2 lines"), "\(within)")
    #expect(within.output.contains("the run came to step 2"))
    try FileManager.default.removeItem(atPath: run)
    train("--max-steps", "3")
    let atEnd = reproduce()
    #expect(atEnd.code == 0 && atEnd.output.contains("identical: 3 lines"), "\(atEnd)")

    // As it lies there when the process is killed in the second epoch.
    let recipe = try RunFolder.recipe(ofRun: run, registry: try Registry.builtins(and: []))
    try FileManager.default.removeItem(atPath: run)
    _ = try TrainingSession(recipe, in: run, console: Console(descriptor: -1), report: { _ in }).start(
      train: try RecipeImages(.train, of: recipe, isTraining: true),
      validation: try RecipeImages.load(.validation, of: recipe), epochs: 1)
    let handle = try #require(FileHandle(forWritingAtPath: run + "/metrics.jsonl"))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("{\"event\": \"step\", \"half".utf8))
    try handle.close()
    let between = reproduce()
    #expect(between.code == 0 && between.output.contains("identical: 5 lines"), "\(between)")
  }

  @Test("a damaged number of the weights and of the predictions is told by its name and place")
  func weights() throws {
    train()
    let last = run + "/checkpoints/last.safetensors"
    let file = try WeightFile(last)
    var tensors = Dictionary(uniqueKeysWithValues: try file.names.map { ($0, try file.tensor($0)) })
    let name = try #require(file.names.first { file.shape(of: $0)?.count == 2 })
    let old = try #require(tensors[name])
    var values = old.values
    let place = old.shape[1] + 1
    values[place] = 4
    tensors[name] = Tensor(old.shape, values)
    try WeightFile.write(tensors, metadata: file.metadata.filter { $0.key != "sha256" }, to: last)
    let answer = reproduce()
    #expect(answer.code == 1)
    #expect(
      answer.output
        == "different: checkpoints/last.safetensors: \(name)[1, 1] is 4.0 in the run, \(old.values[place]) in its reproduction\n"
    )
    try FileManager.default.removeItem(atPath: run + "-reproduced")
    try FileManager.default.removeItem(atPath: run)
    train()
    try edit("predictions.csv", "happy/2.png,happy", "happy/2.png,sad")
    let other = reproduce()
    #expect(
      other.output
        == "different: predictions.csv: class of happy/2.png is sad in the run, happy in its reproduction\n")
  }

  @Test("a file that the model starts from, and another processor")
  func surroundings() throws {
    train()
    let start = folder / "start.safetensors"
    try FileManager.default.moveItem(atPath: run + "/checkpoints/best.safetensors", toPath: start)
    try FileManager.default.removeItem(atPath: run)
    let answer = train("--set", "model.head.weights=\(start)")
    #expect(answer.code == 0, "\(answer.remarks)")
    #expect(reproduce().code == 0)
    let file = try WeightFile(start)
    let tensors = Dictionary(uniqueKeysWithValues: try file.names.map { ($0, try file.tensor($0)) })
    try WeightFile.write(tensors, metadata: [:], to: start)
    let changed = reproduce()
    #expect(changed.code == 2 && changed.remarks.contains("weights: head: has changed"), "\(changed.remarks)")

    try FileManager.default.removeItem(atPath: run)
    train("--set", "training.epochs=1")
    try edit("environment.json", "\"processor\": \"", "\"processor\": \"Another ")
    try FileManager.default.removeItem(atPath: run + "/data.jsonl")
    let elsewhere = reproduce()
    #expect(elsewhere.code == 0)
    #expect(elsewhere.remarks.contains("note: processor: was Another "), "\(elsewhere.remarks)")
    #expect(elsewhere.remarks.contains("the run has no data.jsonl"), "\(elsewhere.remarks)")
  }

  @Test("what cannot be run again ends with 2")
  func refusals() throws {
    #expect(reproduce().code == 2)
    train("--max-steps", "1")
    try FileManager.default.removeItem(atPath: data)
    let answer = reproduce()
    #expect(answer.code == 2 && answer.remarks.contains(data), "\(answer.remarks)")
    #expect(!FileManager.default.fileExists(atPath: run + "-reproduced"))
  }
}
