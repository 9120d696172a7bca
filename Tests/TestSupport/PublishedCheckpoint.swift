import FERCore
import FERTools
import FERTraining
import Foundation
import NeuralKit
import TensorKit
import Testing

/// A file of PyTorch under the names that a published class has, every array filled from its name, and what the importer
/// makes of it for a recipe.
package struct PublishedCheckpoint {
  /// How the file's keys become the model's names.
  package let naming: WeightNaming
  /// What the importer found.
  package let imported: WeightImport
  /// The recipe's model, loaded from the file that the import wrote.
  package let trained: TrainedModel

  /// - Parameter keys: of the published class; counters of batch norms (`num_batches_tracked`) hold one number.
  /// - Parameter name: which dictionary of the file a key lies in, and the key there.
  /// - Throws: where the recipe's model has no place for one of the keys.
  package init(
    _ keys: [String], for recipe: Recipe, word: String, registry: Registry,
    in folder: TestFolder = TestFolder(),
    name: (String) -> (dictionary: String, key: String)
  ) throws {
    let candidates = WeightNaming.candidates(registry.namings, for: recipe.parts, keys: keys)
    guard let naming = candidates.first(where: { $0.word == word }) else {
      throw GoldenProblem(file: word, problem: "is no naming of the recipe's parts")
    }
    let store = try recipe.buildModel(loadingWeights: false, filling: false).store
    var dictionaries: [(name: String, arrays: TorchWriter.Arrays)] = []
    for key in keys {
      let place = name(key)
      let array: StoredArray
      if key.hasSuffix(".num_batches_tracked") {
        array = StoredArray(shape: [1], values: [7])
      } else if let parameter = naming.modelName(key).flatMap({ store[$0] }) {
        array = filled(key, shape: parameter.fileShape)
      } else {
        throw GoldenProblem(file: word, problem: "the model has no place for \(key)")
      }
      if dictionaries.last?.name != place.dictionary { dictionaries.append((place.dictionary, [])) }
      dictionaries[dictionaries.count - 1].arrays.append((place.key, array))
    }
    let (source, target) = (folder / "published.pth", folder / "imported.safetensors")
    try Data(TorchWriter.checkpoint(of: dictionaries)).write(to: URL(fileURLWithPath: source))
    imported = try WeightImport(source, for: recipe, WeightImport.Options(), registry: registry)
    try imported.write(to: target)
    trained = try TrainedModel(recipe, weights: target)
    self.naming = naming
  }

  /// The recipe's model.
  package var model: ExpressionModel { trained.model }

  /// The model's parameter for a key of the file.
  package func parameter(_ key: String) -> Parameter? { naming.modelName(key).flatMap { model.store[$0] } }

  /// The keys of torchvision's ResNet-18 without its classifier, counters included: 120.
  package static let resNet18Keys: [String] = {
    func norm(_ key: String) -> [String] { batchNormKeys(key) + ["\(key).num_batches_tracked"] }
    var keys = ["conv1.weight"] + norm("bn1")
    for stage in 1...4 {
      for unit in 0..<2 {
        let key = "layer\(stage).\(unit)"
        for number in 1...2 { keys += ["\(key).conv\(number).weight"] + norm("\(key).bn\(number)") }
        if stage > 1, unit == 0 { keys += ["\(key).downsample.0.weight"] + norm("\(key).downsample.1") }
      }
    }
    return keys
  }()

  /// The same where the network is a sequence of its layers: ReLU is number 2, the pooling 3.
  package static let numberedResNet18Keys = resNet18Keys.map { key in
    let places = ["conv1": 0, "bn1": 1, "layer1": 4, "layer2": 5, "layer3": 6, "layer4": 7]
    let steps = key.split(separator: ".", maxSplits: 1).map(String.init)
    return "\(places[steps[0]] ?? -1).\(steps[1])"
  }
}
