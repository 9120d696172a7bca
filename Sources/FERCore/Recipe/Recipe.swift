import Foundation
import NeuralKit
import Support

/// One experiment: a recipe that has been checked as a whole. Its datasets have not been read yet, and its model
/// is built anew each time it is asked for.
public struct Recipe {
  /// The file it was read from.
  public let path: String
  /// Names the experiment and its run folder.
  public let name: String
  /// Every random number follows from it.
  public let seed: UInt64
  /// The class names, in the model's order.
  public private(set) var classes: [String]
  /// How an image becomes the model's input.
  public private(set) var input: InputOptions
  /// Applied to training images in this order.
  public let augmentations: [any Augmentation]
  /// What holds for all datasets.
  public let data: DataOptions
  /// What training learns from.
  public let train: any Dataset
  /// What tells the best checkpoint, where the recipe has such a set.
  public let validation: (any Dataset)?
  /// What the final numbers come from, where the recipe has such a set.
  public let test: (any Dataset)?
  /// Decides what makes an epoch.
  public let sampler: any Sampler
  /// How long and by what rules training runs.
  public let training: TrainingOptions
  /// Every value with where it came from, sorted by path.
  public let values: [RecipeValue]
  /// The whole recipe with every value written out; reading it again gives the same.
  public let effective: JSONValue
  let plan: ModelPlan
  let optimizer: Chosen<any Optimizer, NoOptions>
  let schedule: Chosen<any Schedule, NoOptions>

  /// Reads, merges and checks a recipe file.
  /// - Parameter overrides: changes from the command line, such as "training.epochs=3".
  /// - Parameter needsWeights: false where no weights will be read: their files may then be missing.
  /// - Throws: ``RecipeProblems`` with everything that is wrong.
  public static func load(
    path: String, overrides: [String] = [], needsWeights: Bool = true, registry: Registry
  ) throws(RecipeProblems) -> Recipe {
    let tree = try RecipeFiles.read(path, overrides: overrides)
    return try RecipeCheck(tree: tree, path: path, needsWeights: needsWeights, registry: registry).run()
  }

  /// The effective recipe as a file's text, enough to run it again.
  public var text: String { effective.pretty() + "\n" }
  /// The SHA-256 of ``text``.
  public var hash: String { Digest.sha256(text) }

  /// The same recipe for a model that was trained with other names of its classes, or another preprocessing.
  /// ``text`` stays.
  public func adopting(classes: [String], input: InputOptions) -> Recipe {
    var recipe = self
    (recipe.classes, recipe.input) = (classes, input)
    return recipe
  }

  /// A new optimiser that has seen nothing yet.
  public func makeOptimizer() throws -> any Optimizer {
    var context = emptyContext
    return try optimizer.prepared.build(&context)
  }

  /// The learning rate's schedule.
  public func makeSchedule() throws -> any Schedule {
    var context = emptyContext
    return try schedule.prepared.build(&context)
  }

  /// A new model. Parts with `weights` read their files, everything else starts from the recipe's seed.
  /// - Parameter loadingWeights: false where a checkpoint will fill the whole model anyway.
  /// - Parameter filling: false where it is certain to: no value is then drawn, and none may be read before.
  /// - Throws: where a weight file does not fit.
  public func buildModel(loadingWeights: Bool = true, filling: Bool = true) throws -> ExpressionModel {
    var issues: [RecipeIssue] = []
    guard let model = plan.assemble(in: emptyContext, issues: &issues) else {
      throw RecipeProblems(issues.map { RecipeProblem(.file(path, line: 0), $0) })
    }
    for part in loadingWeights ? plan.pretrained : [] {
      let file = try WeightFile(part.weights)
      try file.load(
        component: part.part.place, named: part.part.component, of: model.store, namings: plan.namings)
      try file.verifyDigest()
    }
    if filling { model.store.fill(seed: seed) }
    return model
  }

  /// The places of its model that have parameters of their own, and which component stands there.
  public var parts: [WeightNaming.Part] { plan.parts.map(\.part) }

  /// The number of learned values of each part, in the order of the model. No memory is filled.
  public func parameterCounts() -> [(part: String, count: Int)] {
    var issues: [RecipeIssue] = []
    let model = plan.assemble(in: emptyContext, issues: &issues)
    var counts: [(part: String, count: Int)] = []
    for parameter in model?.store.all.filter(\.isLearned) ?? [] {
      let part = parameter.partPath
      if counts.last?.part != part { counts.append((part, 0)) }
      counts[counts.count - 1].count += parameter.count
    }
    return counts
  }

  private var emptyContext: BuildContext {
    BuildContext(
      scope: ParameterScope(), classes: classes, inputSize: input.size,
      folder: PathText.folder(of: PathText.absolute(path)))
  }
}

/// One value of a recipe.
public struct RecipeValue: Sendable, Equatable {
  /// Where it stands.
  public let path: RecipePath
  /// The value itself.
  public let value: JSONValue
  /// Who gave it.
  public let origin: RecipeOrigin
}
