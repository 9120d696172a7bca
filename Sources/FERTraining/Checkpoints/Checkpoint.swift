import FERCore
import NeuralKit
import TensorKit
import Support

/// The files under `checkpoints/`: safetensors whose metadata tells what the numbers belong to.
///
/// `last` holds all that resuming needs. Parameters and buffers lie under their own names in PyTorch's layout, so
/// any safetensors reader can use the file; `optimizer/NAME/SLOT` and `average/NAME` lie as in memory. `best` holds
/// the weights alone. Every file carries a SHA-256 of itself.
package struct CheckpointStore {
  let folder: String
  let recipe: Recipe
  /// A digest of the names and labels of all samples.
  let dataDigest: String
  /// Whether a checkpoint counts whose samples were others.
  var takesOtherData = false

  package init(folder: String, recipe: Recipe, dataDigest: String) {
    (self.folder, self.recipe, self.dataDigest) = (folder, recipe, dataDigest)
  }

  var last: String { folder + "/last.safetensors" }
  var previous: String { folder + "/previous.safetensors" }
  var best: String { folder + "/best.safetensors" }

  /// The version of the layout that is written; a newer one is refused.
  static let format = 1

  /// Writes `last`, keeping the one before as `previous`.
  func save(
    _ state: TrainingState, _ model: ExpressionModel, _ optimizer: any Optimizer, _ average: WeightAverage?
  ) throws {
    var tensors = weights(of: model)
    let moments = optimizer.state
    for (name, tensor) in moments.tensors { tensors["optimizer/" + name] = tensor }
    for (name, tensor) in average?.state.tensors ?? [:] { tensors["average/" + name] = tensor }
    try refuseNonFinite(tensors, state)
    var metadata = description
    metadata["state"] = try JSONValue.text(encoding: state)
    metadata["optimizerSteps"] = try JSONValue.text(encoding: moments.counters)
    metadata["averageUpdates"] = String(average?.updates ?? 0)
    try WeightFile.write(tensors, metadata: metadata, to: last, keepingOldAs: previous)
  }

  /// Writes the model's present values as `best`.
  package func saveBest(_ model: ExpressionModel, _ scores: OrderedObject) throws {
    var metadata = description
    metadata["scores"] = scores.text
    try WeightFile.write(weights(of: model), metadata: metadata, to: best)
  }

  /// Lets `best` tell the recipe as it is now, where the run goes on with a changed one that would have led to the same
  /// weights. A damaged file stays as it is, for whoever reads it to say so.
  func restateBest() throws {
    guard let file = try? WeightFile(intact: best) else { return }
    var metadata = file.metadata
    for key in ["recipe", "recipeHash"] { metadata[key] = description[key] }
    var tensors: [String: Tensor] = [:]
    for name in file.names { tensors[name] = try file.tensor(name) }
    try WeightFile.write(tensors, metadata: metadata, to: best)
  }

  /// Fills model, optimiser and average from `last`, or where that is damaged from `previous`.
  /// - Parameter warn: told which file is damaged and which is used.
  /// - Returns: nil where there is no checkpoint yet.
  /// - Throws: ``RunProblem`` where none is usable.
  func load(
    into model: ExpressionModel, _ optimizer: any Optimizer, _ average: WeightAverage?, warn: (String) -> Void
  ) throws -> TrainingState? {
    let present = [last, previous].filter { FileSystem.exists($0) }
    guard !present.isEmpty else { return nil }
    var problems: [String] = []
    for path in present {
      do {
        let state = try load(path, model, optimizer, average)
        if path == previous, problems.isEmpty {
          warn("\(last): is missing\n\(path): the checkpoint before it is used")
        } else if !problems.isEmpty {
          warn(problems.joined(separator: "\n") + "\n\(path): the checkpoint before it is used")
        }
        return state
      } catch let problem as FileProblem {
        problems.append(problem.description)
      }
    }
    let best =
      FileSystem.exists(best)
      ? "; with --init-from \(best) it starts from the best weights" : ""
    throw RunProblem.failure(
      "no usable checkpoint; put a copy back, or start a new run in another folder\(best):\n  "
        + problems.joined(separator: "\n  "))
  }

  private func load(
    _ path: String, _ model: ExpressionModel, _ optimizer: any Optimizer, _ average: WeightAverage?
  ) throws -> TrainingState {
    let file = try WeightFile(path)
    guard file.hasDigest else {
      throw FileProblem(path, "carries no SHA-256, so it is no checkpoint of this program")
    }
    try file.verifyDigest()
    let state: TrainingState = try parsed("state", of: file)
    let steps: [String: Int] = try parsed("optimizerSteps", of: file)
    try checkOrigin(of: file)
    try file.load(into: model.store.all, naming: .checkpoint)
    var moments = OptimizerState(counters: steps)
    var averages = OptimizerState(counters: ["updates": Int(file.metadata["averageUpdates"] ?? "") ?? 0])
    for name in file.names {
      if name.hasPrefix("optimizer/") { moments.tensors[String(name.dropFirst(10))] = try file.tensor(name) }
      if name.hasPrefix("average/") { averages.tensors[String(name.dropFirst(8))] = try file.tensor(name) }
    }
    optimizer.state = moments
    average?.state = averages
    return state
  }

  /// A checkpoint of another recipe or of other data is intact, but not ours to go on from.
  private func checkOrigin(of file: WeightFile) throws {
    guard let format = Int(file.metadata["format"] ?? ""), format <= Self.format else {
      throw RunProblem.request(
        "\(file.path): was written by a newer version of this program; resume with that one")
    }
    guard file.metadata["data"] != dataDigest else { return }
    guard takesOtherData else {
      throw RunProblem.request(
        "\(file.path): the images have changed since (names, labels or number), or a model that a label policy reads; restore them, or start a new run"
      )
    }
    // What policies have learned belongs to each single image.
    guard recipe.effective["labels"] == nil else {
      throw RunProblem.request(
        "\(file.path): label policies have learned of images that are others now; restore them, or start a new run"
      )
    }
  }

  private func weights(of model: ExpressionModel) -> [String: Tensor] {
    Dictionary(model.store.all.map { ($0.name, $0.fileValue) }) { first, _ in first }
  }

  private var description: [String: String] {
    [
      "format": String(Self.format), "classes": JSONValue.texts(recipe.classes).oneLine,
      "preprocessing": recipe.effective["input"]?.oneLine ?? "{}", "recipe": recipe.text,
      "recipeHash": recipe.hash, "data": dataDigest,
    ]
  }

  private func refuseNonFinite(_ tensors: [String: Tensor], _ state: TrainingState) throws {
    let names = tensors.keys.sorted()
    guard let bad = names.first(where: { tensors[$0]?.nonFiniteCount ?? 0 > 0 }) else { return }
    throw RunProblem.failure(
      "step \(state.step): \(bad) holds numbers that are not finite; nothing was saved, \(last) stays as it was"
    )
  }

  private func parsed<Value: Decodable>(_ key: String, of file: WeightFile) throws -> Value {
    guard let value = file.metadata[key].flatMap({ JSONValue.decoded(Value.self, from: $0) }) else {
      throw FileProblem(file.path, "holds no \(key), so training cannot be resumed from it")
    }
    return value
  }
}
