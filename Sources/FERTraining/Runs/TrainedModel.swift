import FERCore
import Foundation
import NeuralKit
import Support

/// A recipe's model with trained weights in it, and how its images must be prepared.
package struct TrainedModel {
  /// The model.
  package let model: ExpressionModel
  /// The recipe, with the class names and the preprocessing that the weights were trained with.
  package let recipe: Recipe
  /// Where the recipe said otherwise, a sentence for each.
  package let warnings: [String]
  /// The file of the weights.
  package let path: String
  /// The temperatures that lie beside the weights; nil where nobody stored any. The model itself knows nothing of them.
  package let temperatures: Temperatures?

  /// Whether the file is whole is found out in the background, see ``confirm()``.
  private let digest: DigestCheck

  /// The preprocessing that the weights were trained with.
  package var input: InputOptions { recipe.input }

  /// Loads weights into a recipe's model. The file may come from training here, or hold the weights alone. What it
  /// says of classes and preprocessing counts, whatever the recipe says by now.
  /// - Parameter namings: published namings that the file may follow.
  /// - Parameter confirming: false where ``confirm()`` will be called before anything is shown.
  /// - Throws: `FileProblem` where they do not fit, ``RunProblem`` where they were trained for something else.
  package init(
    _ recipe: Recipe, weights path: String, namings: [WeightNaming] = [], confirming: Bool = true
  ) throws {
    let file = try WeightFile(path)
    digest = file.startVerifyingDigest()
    self.path = path
    do {
      let classes = try Self.classes(of: file, for: recipe)
      let input = try Self.input(of: file, for: recipe)
      temperatures = try Temperatures(in: file)
      self.recipe = recipe.adopting(classes: classes, input: input)
      warnings = Self.differences(from: recipe, classes, input).map { "warning: \(path.printable): \($0)" }
      model = try self.recipe.buildModel(loadingWeights: false, filling: false)
      let keys = file.names
      let isOwn = Set(model.store.all.map(\.name)).isSubset(of: keys)
      let candidates = isOwn ? [.checkpoint] : WeightNaming.candidates(namings, for: recipe.parts, keys: keys)
      let naming = try file.bestNaming(candidates, for: model.store.all)
      try file.load(into: model.store.all, naming: naming)
    } catch {
      // What a damaged file lacks is its smaller fault.
      try digest.wait()
      throw error
    }
    if confirming { try confirm() }
  }

  /// Waits until the whole file has been compared with its digest. Nothing that the model says may be shown before.
  /// - Throws: `FileProblem` where they differ.
  package func confirm() throws { try digest.wait() }

  /// The names of the classes, in the order of the weights.
  private static func classes(of file: WeightFile, for recipe: Recipe) throws -> [String] {
    guard let text = file.metadata["classes"] else { return recipe.classes }
    let classes = JSONValue.decoded([String].self, from: text) ?? []
    guard classes.count == recipe.classes.count, Set(classes).count == classes.count else {
      throw RunProblem.request(
        "\(file.path.printable): was trained for the classes \(classes.listed(atMost: 20)), the recipe names "
          + "\(recipe.classes.listed(atMost: 20)); use the recipe it was trained with")
    }
    return classes
  }

  /// How images must be prepared.
  private static func input(of file: WeightFile, for recipe: Recipe) throws -> InputOptions {
    guard let text = file.metadata["preprocessing"] else { return recipe.input }
    guard let stated = try? JSON5Parser.parse(text).value else {
      throw FileProblem(file.path, "says in \"preprocessing\" what is no JSON")
    }
    let decoder = RecipeDecoder(owner: "the preprocessing", reserved: ["augment", "views"])
    let (input, issues) = decoder.decode(InputOptions.self, from: stated, at: JSONPath("preprocessing"))
    if let issue = issues.first { throw FileProblem(file.path, "\(issue.path): \(issue.message)") }
    let views = [stated["views"], recipe.effective["input"]?["views"]].map { $0?.oneLine ?? "none" }
    guard views[0] == views[1] else {
      throw RunProblem.request(
        "\(file.path.printable): was trained with input.views \(views[0]), the recipe says \(views[1]); "
          + "use the recipe it was trained with")
    }
    return input
  }

  private static func differences(from recipe: Recipe, _ classes: [String], _ input: InputOptions) -> [String]
  {
    var told: [String] = []
    if classes != recipe.classes {
      told.append(
        "was trained for the classes \(classes.listed(atMost: 20)) in this order, the recipe names "
          + "\(recipe.classes.listed(atMost: 20)); those of the file count")
    }
    let (own, asked) = (members(of: input), members(of: recipe.input))
    for key in own.keys.sorted() where own[key] != asked[key] {
      let values = [own[key], asked[key]].map { $0?.oneLine ?? "nothing" }
      told.append(
        "was trained with input.\(key) \(values[0]), the recipe says \(values[1]); that of the file counts")
    }
    return told
  }

  private static func members(of input: InputOptions) -> [String: JSONValue] {
    (try? JSONValue.encoding(input))?.members ?? [:]
  }

  /// Which weights of a run they are, as far as its last checkpoint tells: "the best, of epoch 3", "the last, of epoch 4, step
  /// 120"; nil where they are none of a run's.
  package var kind: String? {
    guard let file = try? WeightFile(path) else { return nil }
    if let state = file.trainingState {
      return "the last, of epoch \(state.epoch + (state.batch > 0 ? 1 : 0)), step \(state.step)"
    }
    guard PathText.name(of: path) == "best.safetensors" else { return nil }
    let last = PathText.folder(of: path) + "/last.safetensors"
    let epoch = (try? WeightFile(intact: last))?.trainingState?.best?.epoch
    return "the best" + (epoch.map { ", of epoch \($0)" } ?? "")
  }

  /// What is told of them: "weights: runs/mine/checkpoints/best.safetensors (the best, of epoch 3)".
  package var remark: String { "weights: \(path)" + (kind.map { " (\($0))" } ?? "") }

  /// The weights of a run: the best, or where there are none yet, the last.
  package static func weights(ofRun path: String) throws -> String {
    let candidates = ["best", "last", "previous"].map { "\(path)/checkpoints/\($0).safetensors" }
    guard let found = candidates.first(where: FileSystem.exists) else {
      throw RunProblem.request("\(path.printable): has no checkpoint yet; train it first")
    }
    return found
  }
}
