import NeuralKit
import Support

/// Everything a recipe chose, read but not built.
struct RecipeChoices {
  typealias Plain<Kind> = ComponentChoice<Kind, NoOptions>

  let header: RecipeHeader
  let input: InputOptions
  let augmentations: [Plain<any Augmentation>]
  let views: ComponentChoice<any Views, ViewOptions>?
  let labels: [Plain<any LabelPolicy>]
  let data: DataOptions
  let sets: [DataSplit: ComponentChoice<any Dataset, DatasetOptions>]
  let faces: ComponentChoice<any FaceDetector, FaceOptions>?
  let sampler: Plain<any Sampler>?
  let model: ModelPlan
  let training: TrainingOptions
  let optimizer: Plain<any Optimizer>?
  let schedule: Plain<any Schedule>?

  /// Reads every section; the reader gathers what is wrong.
  init(_ reader: inout RecipeReader) {
    let registry = reader.registry
    header = reader.section(.recipe)
    input = reader.section(.input)
    augmentations = reader.list(at: JSONPath("input", "augment"), from: registry.augmentations)
    views = reader.component(
      at: JSONPath("input", "views"), from: registry.views, settings: ViewOptions.self, key: "views",
      isNeeded: false)
    labels = reader.list(at: JSONPath("labels"), from: registry.labelPolicies)
    data = reader.section(.data)
    var sets: [DataSplit: ComponentChoice<any Dataset, DatasetOptions>] = [:]
    for split in DataSplit.allCases {
      sets[split] = reader.component(
        at: JSONPath("data", split.rawValue), from: registry.datasets, settings: DatasetOptions.self,
        key: split.rawValue, isNeeded: split == .train)
    }
    self.sets = sets
    faces = reader.component(
      at: JSONPath("data", "faces"), from: registry.faceDetectors, settings: FaceOptions.self, key: "faces",
      isNeeded: false)
    sampler = reader.component(
      at: JSONPath("sampler"), from: registry.samplers, settings: NoOptions.self, key: "sampler")
    model = ModelPlan(&reader, hasViewsOneByOne: views?.settings.statistics != .together)
    let place = JSONPath("training")
    training = reader.section(.training)
    optimizer = reader.component(
      at: place / "optimizer", from: registry.optimizers, settings: NoOptions.self, key: "optimizer")
    schedule = reader.component(
      at: place / "schedule", from: registry.schedules, settings: NoOptions.self, key: "schedule")
  }

  /// The whole recipe with every value written out.
  /// - Parameter name: of the experiment.
  func effective(name: String) -> JSONValue {
    var inputs = members(of: input)
    inputs["augment"] = .array(augmentations.map(\.effective))
    inputs["views"] = views?.effective
    var data = members(of: data)
    for (split, choice) in sets { data[split.rawValue] = choice.effective }
    data["faces"] = faces?.effective
    var rules = members(of: training)
    rules["optimizer"] = optimizer?.effective
    rules["schedule"] = schedule?.effective
    var all: [String: JSONValue] = [
      "name": .string(name), "seed": .int(header.seed), "classes": .texts(header.classes),
      "input": .object(inputs), "data": .object(data), "model": model.effective,
      "losses": ModelPlan.byKey(model.losses.map { ($0.key, $0.effective) }), "training": .object(rules),
    ]
    all["sampler"] = sampler?.effective
    if !labels.isEmpty { all["labels"] = .array(labels.map(\.effective)) }
    return .object(all)
  }

  private func members(of options: some ComponentOptions) -> [String: JSONValue] {
    (try? JSONValue.encoding(options))?.members ?? [:]
  }
}

/// One of a recipe's sets of images.
public enum DataSplit: String, CaseIterable, Sendable {
  /// What training learns from.
  case train
  /// What tells the best checkpoint.
  case validation
  /// What the final numbers come from.
  case test
}
