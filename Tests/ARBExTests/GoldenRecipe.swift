import ARBEx
import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

/// Whole networks by the recipes that come with arbex, filled from their published names.
enum GoldenRecipe {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Recipes/\(name).json5").path
  }

  static func naming(_ word: String) throws -> WeightNaming {
    try #require(try Registry.builtins().namings.first { $0.word == word })
  }

  /// A checkpoint in PyTorch's format, of the recipe's arrays under their published names.
  static func checkpoint(_ recipe: String, naming word: String) throws -> [UInt8] {
    let recipe = try Recipe.load(path: path(recipe), registry: try Registry.builtins())
    let fileName = try #require(try naming(word).fileName)
    let arrays: TorchWriter.Arrays = try recipe.buildModel(filling: false).store.all.map { parameter in
      let key = fileName(parameter.name)
      return (name: "module." + key, array: filled(key, shape: parameter.fileShape))
    }
    return TorchWriter.checkpoint(arrays, isOld: false)
  }

  /// The model that `weights import` makes of such a checkpoint.
  /// - Parameter keys: what it must hold; nil where that is told elsewhere.
  static func imported(
    _ name: String, naming word: String, _ keys: [String]? = nil, classes: String? = nil
  ) throws -> TrainedModel {
    let folder = TestFolder()
    let (source, target) = (folder.path + "/model_best.pth.tar", folder.path + "/imported.safetensors")
    try Data(try checkpoint(name, naming: word)).write(to: URL(fileURLWithPath: source))
    let registry = try Registry.builtins()
    let recipe = try Recipe.load(path: path(name), registry: registry)
    var options = WeightImport.Options()
    options.classes = classes
    let found = try WeightImport(source, for: recipe, options, registry: registry)
    #expect(found.match.naming.word == word && found.warnings.isEmpty, "\(found.warnings)")
    #expect(found.match.parts.allSatisfy { $0.coverage == 1 } && found.match.unknown.isEmpty)
    if let keys { #expect(Set(found.file.names) == Set(keys)) }
    try found.write(to: target)
    return try TrainedModel(recipe, weights: target)
  }

  /// What the recipe's label policies make of these images.
  static func targets(of recipe: Recipe, for images: Tensor) throws -> Targets {
    let count = images.shape[0]
    let samples = (0..<count).map { Sample(id: "\($0)", label: 0) }
    nonisolated(unsafe) let shared = recipe
    let setting = TrainingSetting(classes: recipe.classes, seed: 1) {
      try TeacherModel($0.text, weights: $1.text, for: shared)
    }
    return try LabelPolicies(try recipe.makeLabelPolicies(), of: samples, in: setting)
      .targets(for: Batch(number: 0, images: images, indices: Array(0..<count)))
  }

  /// Compares `grad.P.norm` and `grad.P.sample` of every parameter P that the file tells of, and the norm of all.
  static func expectGradients(
    _ store: ParameterStore, _ tape: Tape, _ fileName: (String) -> String, _ golden: Golden,
    _ prefix: String = "", atMost allowed: (String) -> Double
  ) throws {
    let start = prefix + "grad."
    let watched = golden.arrays.keys.filter { $0.hasPrefix(start) && $0.hasSuffix(".sample") }
      .map { String($0.dropFirst(start.count).dropLast(".sample".count)) }
    #expect(watched.count >= 4)
    let byKey = Dictionary(uniqueKeysWithValues: store.all.map { (fileName($0.name), $0) })
    for key in watched.sorted() {
      let parameter = try #require(byKey[key], "\(key)")
      let gradient = try #require(tape.gradient(for: ObjectIdentifier(parameter)), "\(key)")
      expectAbridged(
        StoredArray(of: gradient, layout: parameter.fileLayout), golden, start + key, atMost: allowed(key))
    }
    let squares = store.trainable.compactMap { tape.gradient(for: ObjectIdentifier($0)) }.map {
      StoredArray(shape: $0.shape, values: $0.values).norm
    }.reduce(0) { $0 + $1 * $1 }
    let norm = Double(golden[start + "norm"].values[0])
    #expect(abs(squares.squareRoot() - norm) <= allowed("") * norm, "norm of all gradients")
  }

  /// Compares `after.P` of every running statistic that the file tells of.
  static func expectStatistics(
    _ store: ParameterStore, _ fileName: (String) -> String, _ golden: Golden, _ prefix: String = ""
  ) throws {
    let start = prefix + "after."
    let watched = golden.arrays.keys.filter { $0.hasPrefix(start) && $0.hasSuffix(".sample") }
    #expect(watched.count >= 4)
    for name in watched.sorted() {
      let key = String(name.dropFirst(start.count).dropLast(".sample".count))
      let parameter = try #require(store.all.first { fileName($0.name) == key }, "\(key)")
      expectAbridged(
        StoredArray(shape: parameter.shape, values: parameter.value.values), golden, start + key,
        atMost: 5e-4)
    }
  }
}
