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
  /// The class names, in the model's order.
  public private(set) var classes: [String]
  /// How an image becomes the model's input.
  package private(set) var input: InputOptions
  /// Applied to training images in this order.
  package let augmentations: [any Augmentation]
  /// What makes several images of one, where the recipe asks for it.
  package let views: (any Views)?
  /// Decides what makes an epoch.
  package let sampler: any Sampler
  /// Every value with where it came from, sorted by path.
  public let values: [RecipeValue]
  /// The whole recipe with every value written out; reading it again gives the same.
  public let effective: JSONValue
  /// Everything it could name.
  package let registry: Registry
  /// The components that overrides put in others' places.
  package private(set) var swaps: [SwappedComponent] = []
  private let sets: [DataSplit: any Dataset]
  private let choices: RecipeChoices

  init(
    path: String, name: String, choices: RecipeChoices, registry: Registry, sets: [DataSplit: any Dataset],
    sampler: any Sampler, augmentations: [any Augmentation], views: (any Views)?, effective: JSONValue,
    values: [RecipeValue]
  ) {
    (self.path, self.name, self.choices, self.sets) = (path, name, choices, sets)
    (classes, input) = (choices.header.classes, choices.input)
    (self.sampler, self.augmentations, self.views) = (sampler, augmentations, views)
    (self.effective, self.values) = (effective, values)
    self.registry = registry
  }

  /// Every random number follows from it.
  public var seed: UInt64 { UInt64(choices.header.seed) }
  /// What holds for all datasets.
  package var data: DataOptions { choices.data }
  /// How long and by what rules training runs.
  package var training: TrainingOptions { choices.training }
  private var plan: ModelPlan { choices.model }

  /// Reads, merges and checks a recipe file.
  /// - Parameter overrides: changes from the command line, such as "training.epochs=3".
  /// - Parameter needsWeights: false where no weights will be read: their files may then be missing.
  /// - Throws: ``RecipeProblems`` with everything that is wrong.
  public static func load(
    path: String, overrides: [String] = [], needsWeights: Bool = true, registry: Registry
  ) throws(RecipeProblems) -> Recipe {
    try load(path: path, patches: [], overrides: overrides, needsWeights: needsWeights, registry: registry)
  }

  /// The same with changes from another file between the recipe and the command line, in their order.
  package static func load(
    path: String, patches: [RecipePatch], overrides: [String] = [], needsWeights: Bool = true,
    registry: Registry
  ) throws(RecipeProblems) -> Recipe {
    let (tree, swaps) = try RecipeFiles.read(path, patches: patches, overrides: overrides)
    var recipe = try RecipeCheck(tree: tree, path: path, needsWeights: needsWeights, registry: registry).run()
    recipe.swaps = swaps
    return recipe
  }

  /// Checks a recipe that is at hand as text, such as ``text`` of another; weights may be missing.
  /// - Parameter path: what it is called in messages.
  /// - Throws: ``RecipeProblems`` with everything that is wrong.
  package static func load(text: String, path: String, registry: Registry) throws(RecipeProblems) -> Recipe {
    let tree = try RecipeDocument.read(text, of: path).tree
    return try RecipeCheck(tree: tree, path: path, needsWeights: false, registry: registry).run()
  }

  /// The effective recipe as a file's text, enough to run it again.
  public var text: String { effective.pretty() + "\n" }
  /// The SHA-256 of ``text``.
  public var hash: String { Digest.sha256(text) }

  /// The same recipe for a model that was trained with other names of its classes, or another preprocessing.
  /// ``text`` stays.
  package func adopting(classes: [String], input: InputOptions) -> Recipe {
    var recipe = self
    (recipe.classes, recipe.input) = (classes, input)
    return recipe
  }

  /// Whether it names such a set of images.
  package func has(_ split: DataSplit) -> Bool { sets[split] != nil }

  /// Finds the samples of one of its sets.
  /// - Returns: the set, and what happens to images of it that cannot be read; nil where the recipe names none.
  /// - Throws: a ``DataProblem``.
  package func load(_ split: DataSplit) throws -> (set: any LoadedDataset, badImages: BadImagePolicy)? {
    guard let dataset = sets[split], let settings = choices.sets[split]?.settings else { return nil }
    let request = DataRequest(
      classes: classes, pixelLimit: data.pixelLimit, badImages: settings.badImages, ignore: settings.ignore,
      allowMissing: settings.allowMissing)
    let loaded = try dataset.heeding(request)
    return (loaded, request.badImagePolicy(in: loaded.folder))
  }

  /// The detector that cut its faces out of photographs, anew, and with which margin; nil where the recipe does not say.
  /// - Throws: ``NotInThisBuild`` where this program cannot run it.
  package func makeFaceDetector() throws -> (detector: any FaceDetector, margin: Double)? {
    try choices.faces.map { (try $0.make(), $0.settings.margin) }
  }

  /// New label policies that have learned nothing yet, in their order.
  package func makeLabelPolicies() throws -> [any LabelPolicy] { try choices.labels.map { try $0.make() } }

  /// The Swift modules that its components come from, each once.
  package var modules: [String] {
    let used = Set(values.filter { $0.path.steps.last == .key("use") }.compactMap(\.value.text))
    let types = registry.summaries.filter { used.contains($0.name) }.map(\.type)
    return Set(types.map { String($0.prefix { $0 != "." }) }).sorted()
  }

  /// A new optimiser that has seen nothing yet.
  package func makeOptimizer() throws -> any Optimizer { try made(choices.optimizer) }

  /// The learning rate's schedule.
  package func makeSchedule() throws -> any Schedule { try made(choices.schedule) }

  private func made<Kind>(_ choice: ComponentChoice<Kind, NoOptions>?) throws -> Kind {
    guard let choice else { stop("a recipe without one was refused") }
    return try choice.make()
  }

  /// A new model. Parts with `weights` read their files, everything else starts from the recipe's seed.
  /// - Parameter loadingWeights: false where a checkpoint will fill the whole model anyway.
  /// - Parameter filling: false where it is certain to: no value is then drawn, and none may be read before.
  /// - Parameter tell: told what became of the file that the whole model starts from, a line at a time.
  /// - Throws: where a weight file does not fit.
  public func buildModel(
    loadingWeights: Bool = true, filling: Bool = true, tell: (String) -> Void = { _ in }
  ) throws -> ExpressionModel {
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
    if loadingWeights, !plan.initialWeights.isEmpty {
      try InitialWeights(path: plan.initialWeights, recipe: self, namings: plan.namings)
        .load(into: model, tell: tell)
    }
    if filling { model.store.fill(seed: seed) }
    return model
  }

  /// The files that its model starts from: what each is for, where the recipe names it, and its path.
  package var weightFiles: [(part: String, key: JSONPath, path: String)] { plan.weightFiles }

  /// The places of all values that name a file or folder.
  package var filePlaces: [JSONPath] { choices.filePlaces }
  /// Those that datasets and label policies read.
  var readPlaces: [JSONPath] { choices.readPlaces }

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
      scope: ParameterScope(), classes: classes, inputSize: input.size, views: views?.plan ?? .single)
  }
}

/// One value of a recipe.
public struct RecipeValue: Sendable, Equatable {
  /// Where it stands.
  public let path: JSONPath
  /// The value itself.
  public let value: JSONValue
  /// Who gave it.
  public let origin: RecipeOrigin
}
