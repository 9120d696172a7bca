import FERCore
import Foundation
import NeuralKit

/// A recipe's model with trained weights in it, and how its images must be prepared.
public struct TrainedModel {
  /// The model.
  public let model: ExpressionModel
  /// The preprocessing that the weights were trained with.
  public let input: InputOptions
  /// The file of the weights.
  public let path: String

  /// Whether the file is whole is found out in the background, see ``confirm()``.
  private let digest: DigestCheck

  /// Loads weights into a recipe's model. The file may come from training here, or hold the weights alone.
  /// - Parameter namings: published namings that the file may follow.
  /// - Parameter confirming: false where ``confirm()`` will be called before anything is shown.
  /// - Throws: `FileProblem` where they do not fit, ``RunProblem`` where they were trained for something else.
  public init(
    _ recipe: Recipe, weights path: String, namings: [WeightNaming] = [], confirming: Bool = true
  ) throws {
    let file = try WeightFile(path)
    digest = file.startVerifyingDigest()
    self.path = path
    do {
      model = try recipe.buildModel(loadingWeights: false, filling: false)
      let keys = file.names
      let isOwn = Set(model.store.all.map(\.name)).isSubset(of: keys)
      let candidates = isOwn ? [.checkpoint] : WeightNaming.candidates(namings, for: recipe.parts, keys: keys)
      let naming = try file.bestNaming(candidates, for: model.store.all)
      try file.load(into: model.store.all, naming: naming)
      input = try Self.input(of: file, for: recipe)
    } catch {
      // What a damaged file lacks is its smaller fault.
      try digest.wait()
      throw error
    }
    if confirming { try confirm() }
  }

  /// Waits until the whole file has been compared with its digest. Nothing that the model says may be shown before.
  /// - Throws: `FileProblem` where they differ.
  public func confirm() throws { try digest.wait() }

  /// How images must be prepared.
  private static func input(of file: WeightFile, for recipe: Recipe) throws -> InputOptions {
    let path = file.path
    if let text = file.metadata["classes"] {
      let classes = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
      guard classes == recipe.classes else {
        throw RunProblem.request(
          "\(path.printable): was trained for the classes \((classes ?? []).listed(atMost: 20)), the recipe names "
            + "\(recipe.classes.listed(atMost: 20)); use the recipe it was trained with")
      }
    }
    if let text = file.metadata["preprocessing"],
      let own = try? JSONDecoder().decode(InputOptions.self, from: Data(text.utf8)) {
      guard own.size == recipe.input.size else {
        throw RunProblem.request(
          "\(path.printable): was trained on images of \(own.size) pixels, the recipe says \(recipe.input.size); "
            + "use the recipe it was trained with")
      }
      return own
    }
    return recipe.input
  }

  /// The weights of a run: the best, or where there are none yet, the last.
  public static func weights(ofRun path: String) throws -> String {
    let candidates = ["best", "last", "previous"].map { "\(path)/checkpoints/\($0).safetensors" }
    guard let found = candidates.first(where: FileManager.default.fileExists) else {
      throw RunProblem.request("\(path.printable): has no checkpoint yet; train it first")
    }
    return found
  }
}
