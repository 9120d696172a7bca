import Foundation
import NeuralKit
import TestSupport
import Testing

@testable import FERTraining
import Support

@Suite("Checkpoints that survive")
struct CheckpointTests {
  @Test("a damaged last checkpoint is replaced by the one before, with a warning naming both")
  func fallsBack() throws {
    let shop = try Workshop()
    try shop.run("whole")
    try shop.run("split", steps: 5)
    let last = shop.path + "/split/checkpoints/last.safetensors"
    let whole = try #require(FileManager.default.contents(atPath: last))
    let previous = try #require(shop.bytes("split/checkpoints/previous.safetensors"))
    var damages = [
      ("empty", Data()), ("no header", whole.prefix(7)), ("half", whole.prefix(whole.count / 2)),
    ]
    // One bit of what the checkpoint says it was trained by: it is damage, not another recipe.
    let epochs = try #require(whole.range(of: Data(#"epochs\": "#.utf8))).upperBound
    let state = try #require(
      whole.range(of: Data(#"isFinished\": "#.utf8)) ?? whole.range(of: Data("state".utf8)))
    for place in [20, whole.count / 3, whole.count - 1, epochs, state.upperBound] {
      var flipped = whole
      flipped[place] ^= 16
      damages.append(("bit flipped at \(place)", flipped))
    }
    for (index, (what, bytes)) in damages.enumerated() {
      let name = "damaged\(index)"
      try FileManager.default.copyItem(atPath: shop.path + "/split", toPath: shop.path + "/" + name)
      let folder = shop.path + "/\(name)/checkpoints/"
      try bytes.write(to: URL(fileURLWithPath: folder + "last.safetensors"))
      try previous.write(to: URL(fileURLWithPath: folder + "previous.safetensors"))
      let warnings = Warnings()
      try shop.run(name, warnings: warnings)
      #expect(
        warnings.text.contains("last.safetensors") && warnings.text.contains("previous.safetensors"),
        "\(what)")
      #expect(shop.results(name) == shop.results("whole"), "\(what)")
    }
  }

  @Test("both damaged: an error that names both, and never a fresh start")
  func bothDamaged() throws {
    let shop = try Workshop()
    try shop.run("split", steps: 5)
    for name in ["last", "previous"] {
      try Data("no".utf8).write(
        to: URL(fileURLWithPath: shop.path + "/split/checkpoints/\(name).safetensors"))
    }
    let problem = #expect(throws: RunProblem.self) { try shop.run("split") }
    #expect(problem?.isRequest == false)
    #expect(problem?.description.contains("last.safetensors") == true)
    #expect(problem?.description.contains("previous.safetensors") == true)
  }

  @Test("pixels that are not numbers stop the run before weights change; step and images are named")
  func nonFinite() throws {
    let shop = try Workshop()
    let problem = #expect(throws: RunProblem.self) {
      try shop.run("broken", train: TinyImages(count: 21, brokenSample: 4))
    }
    #expect(problem?.isRequest == false)
    // Which image it is, the batch, and where training stood.
    let words = try #require(problem?.description)
    #expect(words.hasPrefix("step ") && words.contains(", epoch 1: the image face 4 holds 192 numbers"))
    #expect(words.contains("images of the batch: ") && words.contains("nothing was changed by this step"))
    let file = try WeightFile(shop.path + "/broken/checkpoints/last.safetensors")
    try file.verifyDigest()
    for name in file.names { #expect(try file.tensor(name).nonFiniteCount == 0) }
  }

  @Test("a learning rate far too high stops the run, too")
  func explosion() throws {
    let shop = try Workshop("training.optimizer.learningRate=1e38", "training.schedule={ use: \"constant\" }")
    #expect(throws: RunProblem.self) { try shop.run("broken") }
    let file = try WeightFile(shop.path + "/broken/checkpoints/last.safetensors")
    for name in file.names { #expect(try file.tensor(name).nonFiniteCount == 0) }
  }

  @Test("a checkpoint tells its classes, preprocessing, recipe and digest")
  func metadata() throws {
    let shop = try Workshop()
    try shop.run("whole")
    for name in ["last", "best"] {
      let file = try WeightFile(shop.path + "/whole/checkpoints/\(name).safetensors")
      try file.verifyDigest()
      #expect(file.hasDigest)
      #expect(file.metadata["classes"] == "[\"red\", \"<b>green</b>\", \"=blue\"]")
      #expect(file.metadata["preprocessing"]?.contains("\"size\": 8") == true)
      #expect(file.metadata["recipe"] == shop.recipe.text)
      #expect(file.metadata["recipeHash"] == shop.recipe.hash)
      #expect(file.shape(of: "backbone.conv.weight") == [6, 3, 3, 3])
    }
  }

  @Test("a checkpoint of a newer version is refused")
  func newerVersion() throws {
    let shop = try Workshop()
    try shop.run("newer", steps: 3)
    let path = shop.path + "/newer/checkpoints/last.safetensors"
    let file = try WeightFile(path)
    var metadata = file.metadata
    metadata["format"] = "2"
    let tensors = try file.names.map { ($0, try file.tensor($0)) }
    try WeightFile.write(Dictionary(uniqueKeysWithValues: tensors), metadata: metadata, to: path)
    let problem = #expect(throws: RunProblem.self) { try shop.run("newer") }
    #expect(problem.map { "\($0)".contains("newer version") } == true)
  }

  @Test("a folder that exists is refused, so is a second process, so is resuming nothing")
  func folders() throws {
    let shop = try Workshop()
    let folder = try RunFolder.create(shop.path + "/run")
    try AtomicFile.write("{}", to: folder.file("recipe.json5"))
    for attempt in [RunFolder.create, RunFolder.resume] {
      let locked = #expect(throws: RunProblem.self) { try attempt(shop.path + "/run") }
      #expect(locked?.description.contains("process \(getpid())") == true && locked?.isRequest == true)
    }
    try shop.run("done")
    let exists = #expect(throws: RunProblem.self) { try RunFolder.create(shop.path + "/done") }
    #expect(exists?.description.contains("--resume") == true && exists?.isRequest == true)
    #expect(throws: RunProblem.self) { try RunFolder.resume(shop.path + "/absent") }
    #expect(throws: FileProblem.self) { try RunFolder.create(shop.path + "/tiny.json5/run") }
    withExtendedLifetime(folder) {}
  }
}
