import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

@Suite("Interrupted and resumed")
struct ResumeTests {
  @Test("the same recipe twice, with any number of threads, has the same bytes")
  func deterministic() throws {
    let shop = try Workshop()
    let outcomes = try withThreadCountToItself {
      try [("one", 1), ("two", 2), ("three", 3)].map { name, threads in
        Parallel.threadCount = threads
        return try shop.run(name)
      }
    }
    #expect(outcomes.allSatisfy { $0 == .finished })
    #expect(shop.results("one").values.allSatisfy { !$0.isEmpty })
    #expect(shop.results("one") == shop.results("two"))
    #expect(shop.results("one") == shop.results("three"))
  }

  /// The brightest colour tells the class; noise of 0.8 around a step of 1, averaged over 16 pixels.
  @Test("easy pictures are learned, with every optimiser", arguments: ["adam", "adamw", "sgd", "sam"])
  func learns(name: String) throws {
    let rate = name == "sgd" ? 0.3 : 0.02
    let shop = try Workshop(
      "training.optimizer={ use: \"\(name)\", learningRate: \(rate), momentum: 0.9 }".replacing(
        name.hasPrefix("adam") ? ", momentum: 0.9" : "\n", with: ""),
      "training.epochs=20", "training.ema=0")
    try shop.run("learning", train: TinyImages(count: 60))
    let metrics = String(decoding: shop.bytes("learning/metrics.jsonl") ?? Data(), as: UTF8.self)
    let last = try #require(metrics.split(separator: "\n").last { $0.contains("validation") })
    let line = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    let accuracy = try #require((line["corrected"] as? [String: Any])?["accuracy"] as? Double)
    #expect(accuracy >= 8.0 / 9, "\(name): \(accuracy)")
    let each = (line["distributions"] as? [[String: Any]])?.compactMap { $0["name"] as? String } ?? []
    #expect(each.first == "primary" && each.last == "final" && each.count > 2, "\(each)")
  }

  @Test("stopped after any step, also within an epoch, a run ends with the same bytes")
  func everySplit() throws {
    let shop = try Workshop()
    try shop.run("whole")
    for split in 0...8 {
      let name = "split\(split)"
      #expect(try shop.run(name, steps: split) == .stoppedAtLimit(step: split))
      #expect(try shop.run(name) == .finished)
      #expect(shop.results(name) == shop.results("whole"), "stopped after step \(split)")
    }
    for step in 0...8 { try shop.run("often", steps: step) }
    try shop.run("often")
    #expect(shop.results("often") == shop.results("whole"), "stopped after every step")
  }

  @Test("killed at any batch, the run goes on from its last checkpoint to the same bytes")
  func everyCrash() throws {
    let shop = try Workshop()
    try shop.run("whole")
    for batch in 0..<4 {
      let name = "crash\(batch)"
      #expect(throws: TinyImages.Crash.self) {
        try shop.run(name, train: TinyImages(count: 21, crashesAt: batch))
      }
      try shop.run(name)
      #expect(shop.results(name) == shop.results("whole"), "killed at batch \(batch)")
    }
  }

  @Test("with SAM, and with SGD, too", arguments: ["sam", "sgd"])
  func otherOptimizers(name: String) throws {
    let shop = try Workshop("training.optimizer={ use: \"\(name)\", learningRate: 0.02, momentum: 0.5 }")
    try shop.run("whole")
    try shop.run("split", steps: 3)
    try shop.run("split")
    #expect(shop.results("split") == shop.results("whole"))
  }

  @Test("resuming a finished run changes nothing")
  func finished() throws {
    let shop = try Workshop()
    try shop.run("whole")
    let before = shop.results("whole")
    #expect(try shop.run("whole") == .alreadyFinished)
    #expect(shop.results("whole") == before)
  }

  /// Each part of the state, lost on purpose, must show in the results: else this suite would prove nothing.
  @Test(
    "negative control: a state that lacks one part ends otherwise",
    arguments: [
      "optimizer/", "average/", "running_mean", "backbone.conv", "optimizerSteps", "averageUpdates",
      "\"step\":3",
      "\"correct\":", "\"primaryCorrect\":", "\"loss\":",
    ])
  func negativeControl(part: String) throws {
    let shop = try Workshop()
    try shop.run("whole")
    try shop.run("damaged", steps: 3)
    let path = shop.path + "/damaged/checkpoints/last.safetensors"
    let file = try WeightFile(path)
    var tensors = Dictionary(uniqueKeysWithValues: try file.names.map { ($0, try file.tensor($0)) })
    for name in file.names where name.contains(part) { tensors[name] = .zeros(tensors[name]?.shape ?? []) }
    var metadata = file.metadata
    switch part {
    case "optimizerSteps":
      metadata[part] = metadata[part]?.replacingOccurrences(of: ":3", with: ":1")
    case "averageUpdates": metadata[part] = "1"
    case "\"step\":3":
      metadata["state"] = metadata["state"]?.replacingOccurrences(of: part, with: "\"step\":2")
    case "\"correct\":", "\"primaryCorrect\":", "\"loss\":":
      metadata["state"] = metadata["state"]?.replacingOccurrences(of: part, with: part + "1")
    default: break
    }
    try WeightFile.write(tensors, metadata: metadata, to: path)
    try shop.run("damaged")
    #expect(shop.results("damaged") != shop.results("whole"))
  }

  @Test("lines written after the last checkpoint are cut off when a run is resumed")
  func metricsAreCut() throws {
    let shop = try Workshop()
    try shop.run("whole")
    try shop.run("split", steps: 5)
    let metrics = shop.path + "/split/metrics.jsonl"
    let handle = try #require(FileHandle(forWritingAtPath: metrics))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("{\"event\": \"epoch\", \"epoch\": 2}\n{\"half".utf8))
    try handle.close()
    try shop.run("split")
    #expect(shop.results("split") == shop.results("whole"))
  }

  @Test("a metrics file that somebody removed does not stop the run")
  func metricsRemoved() throws {
    let shop = try Workshop()
    try shop.run("split", steps: 5)
    try FileManager.default.removeItem(atPath: shop.path + "/split/metrics.jsonl")
    let warnings = Warnings()
    #expect(try shop.run("split", warnings: warnings) == .finished)
    #expect(warnings.text.contains("shorter than it was"))
  }

  @Test("other images than before are refused")
  func otherImages() throws {
    let shop = try Workshop()
    try shop.run("split", steps: 5)
    let problem = #expect(throws: RunProblem.self) { try shop.run("split", train: TinyImages(count: 22)) }
    #expect(problem?.isRequest == true)
    #expect(problem?.description.contains("images have changed") == true)
  }
}
