import ARBEx
import FERCore
import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import RUL

/// What published files lack or have besides; that a whole one fits is in `GoldenTests`.
@Suite("Names in RUL's published files")
struct PublishedNamesTests {
  @Test(
    "keys and names",
    arguments: [
      ("mu.4.running_mean", "encoder.mu.4.running_mean"), ("log_var.3.bias", "encoder.log_var.3.bias"),
      ("fc.weight", "head.linear.weight"), ("alpha.0.weight", "?.alpha.0.weight"),
    ])
  func names(_ key: String, _ name: String) {
    #expect(PublishedNames.checkpoint.modelName(key) == name)
  }

  /// A narrow trunk, so that the file stays small.
  private let small = ["model.backbone.widths=[2, 2, 2, 4]", "input.size=32", "model.encoder.size=3"]

  private func arrays(_ keys: [String], _ recipe: Recipe, _ registry: Registry, word: String) throws
    -> TorchWriter.Arrays
  {
    let store = try recipe.buildModel(filling: false).store
    let naming = try #require(
      WeightNaming.candidates(registry.namings, for: recipe.parts, keys: keys).first { $0.word == word })
    return try keys.filter { !$0.hasSuffix(".num_batches_tracked") }.map { key in
      let name = try #require(naming.modelName(key), "\(key)")
      return (key, filled(key, shape: try #require(store[name], "\(name)").fileShape))
    }
  }

  @Test("a file without the uncertainty's branch, with layers of its own: both are told")
  func lacking() throws {
    let (folder, registry) = (TestFolder(), try Registry.builtins())
    let recipe = try Recipe.shipped("rul", small, registry: registry)
    let keys = GoldenTests.keys.filter { !$0.hasPrefix("log_var.") }
    let more = [(name: "tail.weight", array: StoredArray(shape: [1], values: [1]))]
    let path = folder / "rul.pth"
    let bytes = TorchWriter.checkpoint(try arrays(keys, recipe, registry, word: "rul") + more)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let problem = try #require(throws: FileProblem.self) {
      try WeightImport(path, for: recipe, .init(), registry: registry)
    }
    #expect("\(problem)".contains("encoder: 8 of 16 arrays fit"), "\(problem)")
    #expect("\(problem)".contains("encoder.log_var."), "\(problem)")
    #expect(
      "\(problem)".contains("1 arrays of the file have no place in the model: tail.weight"), "\(problem)")
  }

  @Test("the backbone alone, under the names of face recognition's ResNet-18")
  func backboneAlone() throws {
    let (folder, registry) = (TestFolder(), try Registry.builtins())
    let recipe = try Recipe.shipped("rul", small, registry: registry)
    let keys = PublishedCheckpoint.resNet18Keys
    let classifier = [(name: "fc.weight", array: StoredArray(shape: [9, 4], values: uniform("fc", 36)))]
    let path = folder / "face.pth"
    let trunk = try arrays(keys, recipe, registry, word: "resnet18-ms-celeb")
    try Data(TorchWriter.checkpoint(trunk + classifier)).write(to: URL(fileURLWithPath: path))
    let found = try WeightImport(path, for: recipe, .init(), registry: registry)
    #expect(found.match.parts.filter(\.isThere).map(\.path) == ["backbone"])
    #expect(found.match.parts.first?.coverage == 1 && found.match.unknown.isEmpty)
    #expect(found.match.unneeded == ["fc.weight"])
  }
}
