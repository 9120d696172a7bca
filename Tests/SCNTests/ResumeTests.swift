import ARBEx
import FERCore
import FERTraining
import Foundation
import NeuralKit
import TestSupport
import Testing

@testable import SCN

/// Twenty-one images in batches of 5, four steps an epoch, a checkpoint after every second step.
@Suite("SCN interrupted and resumed")
struct ResumeTests {
  /// SCN's head, loss and policy in the smallest model; the balanced distribution relabels from the second epoch on, at a
  /// margin that is soon crossed.
  private func workshop() throws -> Workshop {
    try Workshop(
      [
        "model.head={ use: 'self-cure' }", "losses.rank-regularization={ margin: 0.07 }",
        "labels=[{ use: 'relabel', fromEpoch: 2, margin: 0.005 }]",
        "training.epochs=3",
      ], plugins: [SCNPlugin.self])
  }

  /// A step's relabelling changes the next epoch's targets alone, so the kill is in the second of the two epochs that relabel.
  @Test("killed at any batch of an epoch that relabels: the same bytes, relabelled.csv included")
  func killed() throws {
    let shop = try workshop()
    #expect(try shop.run("whole") == .finished)
    let table = try #require(shop.bytes("whole/relabelled.csv"))
    #expect(String(decoding: table, as: UTF8.self).split(separator: "\r\n").count > 1)
    for batch in 0..<4 {
      let name = "killed\(batch)"
      #expect(try shop.run(name, steps: 8) == .stoppedAtLimit(step: 8))
      #expect(try relabelled(shop, name) > 0, "labels had changed before the kill")
      #expect(throws: TinyImages.Crash.self) {
        try shop.run(name, train: TinyImages(count: 21, crashesAt: batch))
      }
      #expect(try shop.run(name) == .finished)
      #expect(shop.results(name) == shop.results("whole"), "killed at batch \(batch)")
      #expect(shop.bytes("\(name)/relabelled.csv") == table, "killed at batch \(batch)")
    }
  }

  @Test("stopped after any step, a run ends with the same bytes")
  func everySplit() throws {
    let shop = try workshop()
    try shop.run("whole")
    for split in 3...11 {
      let name = "split\(split)"
      try shop.run(name, steps: split)
      try shop.run(name)
      #expect(shop.results(name) == shop.results("whole"), "stopped after step \(split)")
      #expect(shop.bytes("\(name)/relabelled.csv") == shop.bytes("whole/relabelled.csv"))
    }
  }

  @Test("negative control: without the labels in the checkpoint it ends otherwise")
  func negativeControl() throws {
    let shop = try workshop()
    try shop.run("whole")
    try shop.run("damaged", steps: 8)
    let path = shop.path + "/damaged/checkpoints/last.safetensors"
    let file = try WeightFile(path)
    let tensors = Dictionary(uniqueKeysWithValues: try file.names.map { ($0, try file.tensor($0)) })
    var metadata = file.metadata
    let state = try #require(metadata["state"])
    let emptied = state.replacing(/"(labels|samples)":\[[0-9.,]*\]/) { "\"\($0.output.1)\":[]" }
    #expect(emptied != state)
    metadata["state"] = emptied
    try WeightFile.write(tensors, metadata: metadata, to: path)
    try shop.run("damaged")
    #expect(shop.results("damaged") != shop.results("whole"))
  }

  @Test("importance stands in predictions.csv, a number for each image")
  func evidence() throws {
    let shop = try workshop()
    try shop.run("run")
    let numbers = try shop.predictions("importance", of: "run")
    #expect(numbers.count == 9 && numbers.allSatisfy { (0...1).contains($0) })
    #expect(Set(numbers).count > 1)
  }

  /// How many samples the last checkpoint holds as relabelled.
  private func relabelled(_ shop: Workshop, _ name: String) throws -> Int {
    let state = try #require(
      WeightFile(shop.path + "/\(name)/checkpoints/last.safetensors").metadata["state"])
    let match = try #require(state.firstMatch(of: /"samples":\[([0-9.,]*)\]/))
    return match.output.1.split(separator: ",").count
  }
}
