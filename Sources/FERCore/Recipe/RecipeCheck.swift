import Foundation
import NeuralKit
import Support

/// Goes through a whole recipe, gathers every problem, and makes the ``Recipe`` where there is none.
struct RecipeCheck {
  private var reader: RecipeReader
  private let path: String
  private let needsWeights: Bool

  init(tree: SourcedValue, path: String, needsWeights: Bool = true, registry: Registry) {
    reader = RecipeReader(tree, registry: registry)
    (self.path, self.needsWeights) = (path, needsWeights)
  }

  func run() throws(RecipeProblems) -> Recipe {
    var check = self
    return try check.checked()
  }

  private mutating func checked() throws(RecipeProblems) -> Recipe {
    let choices = RecipeChoices(&reader)
    checkBest(choices)
    if needsWeights { checkWeights(choices.model) }

    // Components are tried even where something is wrong elsewhere, so that all is reported at once.
    var sets: [DataSplit: any Dataset] = [:]
    for split in DataSplit.allCases { sets[split] = choices.sets[split]?.build(issues: &reader.issues) }
    let sampler = choices.sampler?.build(issues: &reader.issues)
    let augmentations = choices.augmentations.compactMap { $0.build(issues: &reader.issues) }
    for policy in choices.labels { _ = policy.build(issues: &reader.issues) }
    _ = choices.optimizer?.build(issues: &reader.issues)
    _ = choices.schedule?.build(issues: &reader.issues)
    let views = choices.views?.build(issues: &reader.issues)
    var viewPlan = views?.plan ?? .single
    if let choice = choices.views, let problem = viewPlan.problem {
      reader.issues.append(RecipeIssue(choice.path, problem))
      viewPlan = .single
    }
    reader.issues += EvidenceCheck(choices, registry: reader.registry, views: viewPlan).issues(reader)
    let classes = choices.header.classes
    let context = BuildContext(
      scope: ParameterScope(), classes: classes.count < 2 ? ["first", "second"] : classes,
      inputSize: choices.input.soundSize, views: viewPlan)
    var partIssues: [RecipeIssue] = []
    let model = choices.model.assemble(in: context, issues: &partIssues)
    // What parts say of an input of another size than asked for misleads.
    if choices.input.soundSize == choices.input.size { reader.issues += partIssues }
    if let model, let issue = MemoryNeed(of: model.store).issue(within: .current) {
      reader.issues.append(issue)
    }

    guard reader.issues.isEmpty, model != nil, sets[.train] != nil, let sampler else { throw problems() }
    let name = choices.header.name.isEmpty ? defaultName : choices.header.name
    let effective = choices.effective(name: name)
    return Recipe(
      path: path, name: name, choices: choices, registry: reader.registry, sets: sets, sampler: sampler,
      augmentations: augmentations, views: views, effective: effective, values: values(of: effective))
  }

  /// The best checkpoint is chosen by a registered number, or by the loss, which must then be one of samples: nothing
  /// else is the same however a validation is cut into batches.
  private mutating func checkBest(_ choices: RecipeChoices) {
    let (best, place) = (choices.training.best, JSONPath("training", "best"))
    guard best == TrainingOptions.bestByLoss else {
      let known = reader.registry.metrics.map(\.name) + [TrainingOptions.bestByLoss]
      guard !known.contains(best) else { return }
      reader.issues.append(
        RecipeIssue(
          place,
          "must be one of \(known.joined(separator: ", ")), is \(JSONValue.quoted(best))"
            + NearestName.suggestion(for: best, among: known)))
      return
    }
    let scopes = choices.model.losses.compactMap(\.prepared.scope)
    guard !scopes.isEmpty, !scopes.contains(.samples) else { return }
    reader.issues.append(
      RecipeIssue(
        place, "needs a loss of single samples to go by, and this recipe has none; choose another number"))
  }

  private mutating func checkWeights(_ plan: ModelPlan) {
    for file in plan.weightFiles {
      if !FileSystem.exists(file.path) {
        reader.issues.append(
          RecipeIssue(
            file.key, "there is no file \(file.path); remove the key to start from random numbers"))
      } else if FileSystem.isFolder(file.path) {
        reader.issues.append(RecipeIssue(file.key, "\(file.path) is a folder, not a file of weights"))
      }
    }
  }

  private func problems() -> RecipeProblems {
    var told: [RecipeProblem] = []
    for issue in reader.issues {
      let problem = reader.located(issue, file: path)
      if !told.contains(problem) { told.append(problem) }
    }
    if told.isEmpty {
      told = [RecipeProblem(.file(path, line: 0), RecipeIssue(JSONPath(), "the model cannot be built"))]
    }
    return RecipeProblems(told)
  }

  private var defaultName: String {
    let file = PathText.name(of: path)
    let stem = file.split(separator: ".").first.map(String.init) ?? file
    return String(stem.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "-" })
  }

  private func values(of effective: JSONValue) -> [RecipeValue] {
    effective.leaves.map { RecipeValue(path: $0.path, value: $0.value, origin: origin(at: $0.path)) }
  }

  /// A name that a key implies comes from where the key stands.
  private func origin(at path: JSONPath) -> RecipeOrigin {
    if let part = reader.tree.part(at: path), !part.isNull { return part.origin }
    if path.steps.last == .key("use"), let parent = path.parent, let part = reader.tree.part(at: parent) {
      return part.origin
    }
    return .standard
  }
}
