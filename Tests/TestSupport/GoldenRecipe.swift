import ARBEx
import FERCore
import FERTools
import FERTraining
import Foundation
import NeuralKit
import TensorKit
import Testing

/// Whole networks by the recipes that come with arbex, filled from their published names.
package enum GoldenRecipe {
  package static func naming(_ word: String) throws -> WeightNaming {
    try #require(try Registry.builtins().namings.first { $0.word == word })
  }

  /// A checkpoint in PyTorch's format, of the recipe's arrays under their published names.
  package static func checkpoint(_ recipe: String, naming word: String) throws -> [UInt8] {
    let recipe = try Recipe.shipped(recipe, registry: try Registry.builtins())
    let fileName = try #require(try naming(word).fileName)
    return TorchWriter.checkpoint(try recipe.buildModel(filling: false).store.all.published(fileName))
  }

  /// The model that `weights import` makes of such a checkpoint.
  /// - Parameter keys: what it must hold; nil where that is told elsewhere.
  package static func imported(
    _ name: String, naming word: String, _ keys: [String]? = nil, classes: String? = nil
  ) throws -> TrainedModel {
    let folder = TestFolder()
    let (source, target) = (folder.path + "/model_best.pth.tar", folder.path + "/imported.safetensors")
    try Data(try checkpoint(name, naming: word)).write(to: URL(fileURLWithPath: source))
    let registry = try Registry.builtins()
    let recipe = try Recipe.shipped(name, registry: registry)
    var options = WeightImport.Options()
    options.classes = classes
    let found = try WeightImport(source, for: recipe, options, registry: registry)
    #expect(found.match.naming.word == word && found.warnings.isEmpty, "\(found.warnings)")
    #expect(found.match.parts.allSatisfy { $0.coverage == 1 } && found.match.unknown.isEmpty)
    if let keys { #expect(Set(found.file.names) == Set(keys)) }
    try found.write(to: target)
    return try TrainedModel(recipe, weights: target)
  }
}
