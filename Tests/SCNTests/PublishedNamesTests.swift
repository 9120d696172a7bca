import ARBEx
import FERCore
import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import SCN

/// What published files lack or have besides; that a whole one fits is in `GoldenTests`.
@Suite("Names in SCN's published files")
struct PublishedNamesTests {
  @Test(
    "keys and names",
    arguments: [
      ("alpha.0.weight", "head.alpha.0.weight"), ("fc.bias", "head.fc.bias"),
      ("beta.0.bias", "?.beta.0.bias"),
    ])
  func names(_ key: String, _ name: String) {
    #expect(PublishedNames.checkpoint.modelName(key) == name)
  }

  /// The authors start from a face recogniser with torchvision's names and thousands of identities behind PyTorch's
  /// wrapper.
  @Test("the backbone alone: face recognition's ResNet-18, its classifier left aside")
  func backboneAlone() throws {
    let folder = TestFolder()
    let registry = try Registry.builtins()
    let recipe = try Recipe.shipped("scn", registry: registry)
    let store = try recipe.buildModel(filling: false).store
    var arrays: TorchWriter.Arrays = []
    for key in PublishedCheckpoint.resNet18Keys where !key.hasSuffix(".num_batches_tracked") {
      let parameter = try #require(store["backbone.\(key)"], "\(key)")
      arrays.append(("module.\(key)", filled(key, shape: parameter.fileShape)))
    }
    arrays.append(("module.fc.weight", StoredArray(shape: [2, 512], values: uniform("fc", 1024))))
    let path = folder / "face.pth"
    try Data(TorchWriter.checkpoint(arrays)).write(to: URL(fileURLWithPath: path))
    let found = try WeightImport(path, for: recipe, .init(), registry: registry)
    #expect(found.match.parts.filter(\.isThere).map(\.path) == ["backbone"])
    #expect(found.match.parts.first?.coverage == 1 && found.match.unknown.isEmpty)
    #expect(found.match.unneeded == ["fc.weight"])
    // The same by the recipe itself.
    let model = try Recipe.shipped(
      "scn", ["model.backbone.weights='\(path)'"], registry: registry
    ).buildModel()
    let expected = filled("layer4.1.conv2.weight", shape: [512, 512, 3, 3])
    #expect(model.store["backbone.layer4.1.conv2.weight"]?.fileValue.values == expected.values)
  }

  @Test("what a file lacks is told: a trunk without the importance")
  func lacking() throws {
    let folder = TestFolder()
    let registry = try Registry.builtins()
    let recipe = try Recipe.shipped(
      "scn", ["model.backbone.widths=[2, 2, 2, 4]", "input.size=32"], registry: registry)
    let store = try recipe.buildModel(filling: false).store
    let keys = GoldenTests.keys.filter { !$0.hasPrefix("alpha.") && !$0.hasSuffix(".num_batches_tracked") }
    let arrays: TorchWriter.Arrays = try keys.map { key in
      let naming = WeightNaming.candidates(registry.namings, for: recipe.parts, keys: keys).first {
        $0.word == "scn"
      }
      let name = try #require(naming?.modelName(key))
      return (key, filled(key, shape: try #require(store[name], "\(name)").fileShape))
    }
    let more = [(name: "tail.weight", array: StoredArray(shape: [1], values: [1]))]
    let path = folder / "scn.pth"
    try Data(TorchWriter.checkpoint(arrays + more)).write(to: URL(fileURLWithPath: path))
    let problem = try #require(throws: FileProblem.self) {
      try WeightImport(path, for: recipe, .init(), registry: registry)
    }
    #expect("\(problem)".contains("head: 2 of 4 arrays fit"), "\(problem)")
    #expect("\(problem)".contains("head.alpha.0.weight"), "\(problem)")
    #expect(
      "\(problem)".contains("1 arrays of the file have no place in the model: tail.weight"), "\(problem)")
  }
}
