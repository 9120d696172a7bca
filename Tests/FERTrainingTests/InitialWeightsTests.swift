import FERCore
import Foundation
import NeuralKit
import Support
import TestSupport
import Testing

@testable import FERTraining

@Suite("A model that starts from another's weights")
struct InitialWeightsTests {
  private let shop: Workshop
  private var best: String { shop.path + "/one/checkpoints/best.safetensors" }

  init() throws {
    shop = try Workshop()
    try shop.run("one")
  }

  private func told(_ overrides: String...) throws -> (model: ExpressionModel, lines: [String]) {
    let recipe = try Recipe.load(
      path: shop.path + "/tiny.json5", overrides: ["model.initialWeights=\(best)"] + overrides,
      registry: shop.recipe.registry)
    var lines: [String] = []
    return (try recipe.buildModel { lines.append($0) }, lines)
  }

  private func isFromFile(_ name: String, in model: ExpressionModel) throws -> Bool {
    let parameter = try #require(model.store.all.first { $0.name == name })
    return try WeightFile(best).tensor(name).values == parameter.fileValue.values
  }

  @Test("every array of the file, where all fit; the recipe tells of it, and only where it is used")
  func all() throws {
    let (model, lines) = try told()
    for parameter in model.store.all {
      #expect(try isFromFile(parameter.name, in: model), "\(parameter.name)")
    }
    #expect(lines == ["starts from \(best): \(model.store.all.count) of \(model.store.all.count) arrays"])
    #expect(shop.recipe.effective["model"]?["initialWeights"] == nil)
  }

  @Test(
    "other classes, or the same in another order: what knows classes starts anew",
    arguments: [
      "classes=[\"red\", \"=blue\"]", "classes=[\"=blue\", \"red\", \"<b>green</b>\"]",
    ])
  func otherClasses(classes: String) throws {
    let (model, lines) = try told(classes)
    #expect(try isFromFile("backbone.conv.weight", in: model))
    #expect(try !isFromFile("head.out.weight", in: model))
    #expect(try !isFromFile("corrections.tiny.out.weight", in: model))
    #expect(lines.count == 2 && lines[1].hasSuffix(": head, corrections, losses start anew"), "\(lines)")
  }

  @Test("what is missing or left over is told by name, and how images were prepared")
  func differences() throws {
    let (_, lines) = try told(
      "model.corrections.tiny=null", "model.corrections.more={ use: \"tiny\" }", "input.antialias=false")
    #expect(
      lines[1]
        == "  2 are missing in it and start anew: corrections.more.out.weight, corrections.more.out.bias")
    #expect(lines[2] == "  2 of it are left over: corrections.tiny.out.bias, corrections.tiny.out.weight")
    #expect(lines[3] == "  it was trained with input.antialias true, this recipe says false")
  }

  @Test("a run from other weights is resumed without them, and ends with the same bytes")
  func resumed() throws {
    let tuned = try Workshop("model.initialWeights=\(best)")
    try tuned.run("whole")
    try tuned.run("split", steps: 3)
    try FileManager.default.removeItem(atPath: best)
    try tuned.run("split")
    let same = ["checkpoints/last.safetensors", "metrics.jsonl", "predictions.csv"]
    for file in same { #expect(tuned.bytes("whole/" + file) == tuned.bytes("split/" + file), "\(file)") }
    #expect(tuned.bytes("whole/metrics.jsonl") != shop.bytes("one/metrics.jsonl"))
    let line = try #require(
      String(data: tuned.bytes("whole/data.jsonl") ?? Data(), encoding: .utf8)?.split(separator: "\n").last)
    #expect(line.hasPrefix(#"{"set": "weights", "file": "the whole model", "bytes": "#), "\(line)")
  }

  @Test("a file that is missing, damaged or of something else is refused")
  func refusals() throws {
    let bytes = try #require(FileManager.default.contents(atPath: best))
    var flipped = bytes
    flipped[bytes.count - 3] ^= 1
    try flipped.write(to: URL(fileURLWithPath: best))
    #expect(throws: FileProblem.self) { try told() }
    try WeightFile.write(["other": .zeros([2])], to: best)
    #expect(throws: FileProblem.self) { try told() }
    try FileManager.default.removeItem(atPath: best)
    let problems = #expect(throws: RecipeProblems.self) { try told() }
    #expect(problems?.description.contains("model.initialWeights: there is no file \(best)") == true)
  }
}
