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
    let registry = reader.registry
    let header = reader.section(
      RecipeHeader.self, at: RecipePath(), owner: "a recipe",
      besides: ["data", "input", "losses", "model", "sampler", "training"])
    let input = reader.section(
      InputOptions.self, at: RecipePath("input"), owner: "\"input\"", besides: ["augment"])
    let augment = reader.list(at: RecipePath("input", "augment"), from: registry.augmentations)
    let data = reader.section(
      DataOptions.self, at: RecipePath("data"), owner: "\"data\"", besides: ["test", "train", "validation"])
    let splits = ["train", "validation", "test"].map { split in
      reader.component(
        at: RecipePath("data", split), from: registry.datasets, settings: NoOptions.self, key: split,
        isNeeded: split == "train")
    }
    let sampler = reader.component(
      at: RecipePath("sampler"), from: registry.samplers, settings: NoOptions.self, key: "sampler")
    let plan = readModel(registry)
    let training = reader.section(
      TrainingOptions.self, at: RecipePath("training"), owner: "\"training\"",
      besides: ["optimizer", "schedule"])
    let optimizer = reader.component(
      at: RecipePath("training", "optimizer"), from: registry.optimizers, settings: NoOptions.self,
      key: "optimizer")
    let schedule = reader.component(
      at: RecipePath("training", "schedule"), from: registry.schedules, settings: NoOptions.self,
      key: "schedule")
    checkEvidence(plan, registry)
    if needsWeights { checkWeights(plan) }

    // Components are tried even where something is wrong elsewhere, so that all is reported at once.
    var context = BuildContext(
      scope: ParameterScope(), classes: header.classes.count < 2 ? ["first", "second"] : header.classes,
      inputSize: input.size, folder: PathText.folder(of: PathText.absolute(path)))
    let datasets = splits.map { $0?.build(in: &context, issues: &reader.issues) }
    let order = sampler?.build(in: &context, issues: &reader.issues)
    let augmentations = augment.compactMap { $0.build(in: &context, issues: &reader.issues) }
    let model = plan.assemble(in: context, issues: &reader.issues)

    guard reader.issues.isEmpty, model != nil, let train = datasets[0], let order, let sampler, let optimizer,
      let schedule
    else { throw problems() }
    let name = header.name.isEmpty ? defaultName : header.name
    let effective = effective(
      name: name, header: header, input: input, augment: augment, data: data, splits: splits,
      sampler: sampler,
      plan: plan, training: training, optimizer: optimizer, schedule: schedule)
    return Recipe(
      path: path, name: name, seed: UInt64(header.seed), classes: header.classes, input: input,
      augmentations: augmentations, data: data, train: train, validation: datasets[1], test: datasets[2],
      sampler: order,
      training: training, values: values(of: effective), effective: effective, plan: plan,
      optimizer: optimizer,
      schedule: schedule)
  }

  private mutating func readModel(_ registry: Registry) -> ModelPlan {
    let model = RecipePath("model")
    var plan = ModelPlan()
    plan.namings = registry.namings
    let options = reader.section(
      ModelOptions.self, at: model, owner: "\"model\"",
      besides: ["backbone", "corrections", "encoder", "head", "landmarks"])
    plan.reduction = options.reduction
    plan.backbone = reader.component(
      at: model / "backbone", from: registry.backbones, settings: PartOptions.self, key: "backbone")
    plan.wantsLandmarks = reader.given(at: model / "landmarks") != nil
    plan.landmarks = reader.component(
      at: model / "landmarks", from: registry.landmarks, settings: PartOptions.self, key: "landmarks",
      isNeeded: false)
    plan.encoder = reader.component(
      at: model / "encoder", from: registry.encoders, settings: PartOptions.self, key: "encoder")
    plan.head = reader.component(
      at: model / "head", from: registry.heads, settings: PartOptions.self, key: "head")
    plan.corrections = reader.keyed(
      at: model / "corrections", from: registry.corrections, settings: PartOptions.self)
    plan.losses = reader.keyed(at: RecipePath("losses"), from: registry.losses, settings: LossOptions.self)
    if reader.given(at: RecipePath("losses"))?.members?.values.allSatisfy({ $0 == .null }) ?? true {
      reader.issues.append(
        RecipeIssue(
          RecipePath("losses"), "is missing; a model needs at least one loss, as in losses: { \"NAME\": {} }",
          note: "known: " + registry.losses.names.joined(separator: ", ")))
    }
    return plan
  }

  /// A loss whose evidence nobody provides would be zero all the time.
  private mutating func checkEvidence(_ plan: ModelPlan, _ registry: Registry) {
    let path = RecipePath("model", "corrections")
    let named = reader.given(at: path)?.members?.values.count { $0 != .null } ?? 0
    guard named == plan.corrections.count else { return }
    let provided = plan.corrections.flatMap(\.summary.provides)
    for loss in plan.losses {
      guard let missing = loss.summary.requires.first(where: { !provided.contains($0) }) else { continue }
      let able = registry.corrections.summaries.filter { $0.provides.contains(missing) }.map {
        "\"\($0.name)\""
      }
      let remedy =
        able.isEmpty
        ? "no correction term that is known provides them"
        : "add the correction term \(able.joined(separator: " or ")), or remove this loss with null"
      reader.issues.append(
        RecipeIssue(
          loss.path,
          "the loss \"\(loss.key)\" needs \(missing), which no correction term of this recipe provides; \(remedy)"
        ))
    }
  }

  private mutating func checkWeights(_ plan: ModelPlan) {
    for part in plan.pretrained {
      var isFolder: ObjCBool = false
      if !FileManager.default.fileExists(atPath: part.weights, isDirectory: &isFolder) {
        reader.issues.append(
          RecipeIssue(
            part.place, "there is no file \(part.weights); remove the key to start from random numbers"))
      } else if isFolder.boolValue {
        reader.issues.append(RecipeIssue(part.place, "\(part.weights) is a folder, not a file of weights"))
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
      told = [RecipeProblem(.file(path, line: 0), RecipeIssue(RecipePath(), "the model cannot be built"))]
    }
    return RecipeProblems(told)
  }

  // MARK: the effective recipe

  private var defaultName: String {
    let file = PathText.name(of: path)
    let stem = file.split(separator: ".").first.map(String.init) ?? file
    return String(stem.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "-" })
  }

  private func effective(
    name: String, header: RecipeHeader, input: InputOptions, augment: [Chosen<any Augmentation, NoOptions>],
    data options: DataOptions, splits: [Chosen<any Dataset, NoOptions>?],
    sampler: Chosen<any Sampler, NoOptions>, plan: ModelPlan,
    training: TrainingOptions, optimizer: Chosen<any Optimizer, NoOptions>,
    schedule: Chosen<any Schedule, NoOptions>
  ) -> JSONValue {
    var inputs = members(of: input)
    inputs["augment"] = .array(augment.map(\.effective))
    var data = members(of: options)
    for split in splits.compactMap({ $0 }) { data[split.key] = split.effective }
    var model: [String: JSONValue] = ["reduction": .int(plan.reduction)]
    model["backbone"] = plan.backbone?.effective
    model["landmarks"] = plan.landmarks?.effective
    model["encoder"] = plan.encoder?.effective
    model["head"] = plan.head?.effective
    model["corrections"] = byKey(plan.corrections.map { ($0.key, $0.effective) })
    var rules = members(of: training)
    rules["optimizer"] = optimizer.effective
    rules["schedule"] = schedule.effective
    return .object([
      "name": .string(name), "seed": .int(header.seed),
      "classes": .array(header.classes.map(JSONValue.string)),
      "input": .object(inputs), "data": .object(data), "sampler": sampler.effective, "model": .object(model),
      "losses": byKey(plan.losses.map { ($0.key, $0.effective) }), "training": .object(rules),
    ])
  }

  private func members(of options: some ComponentOptions) -> [String: JSONValue] {
    (try? JSONValue.encoding(options))?.members ?? [:]
  }

  private func byKey(_ pairs: [(String, JSONValue)]) -> JSONValue {
    .object(Dictionary(pairs) { first, _ in first })
  }

  private func values(of effective: JSONValue) -> [RecipeValue] {
    var values: [RecipeValue] = []
    func visit(_ value: JSONValue, _ path: RecipePath) {
      switch value {
      case .object(let members) where !members.isEmpty:
        for key in members.keys.sorted() { members[key].map { visit($0, path / key) } }
      case .array(let elements) where elements.contains { $0.members != nil }:
        for index in elements.indices { visit(elements[index], path / index) }
      default: values.append(RecipeValue(path: path, value: value, origin: origin(at: path)))
      }
    }
    visit(effective, RecipePath())
    return values
  }

  /// A name that a key implies comes from where the key stands.
  private func origin(at path: RecipePath) -> RecipeOrigin {
    if let part = reader.tree.part(at: path), !part.isNull { return part.origin }
    if path.steps.last == .key("use"), let parent = path.parent, let part = reader.tree.part(at: parent) {
      return part.origin
    }
    return .standard
  }
}

/// What a recipe says of the model beside its parts.
struct ModelOptions: ComponentOptions {
  @Option("Size that a linear layer brings the embedding to. 0: none, the encoder's own.", 0...65536)
  var reduction = 0
}
