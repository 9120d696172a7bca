import NeuralKit
import Support

/// Everything a recipe can name, by kind. A value: whoever holds one decides what is in it.
public struct Registry: Sendable {
  /// Networks that turn a face into feature maps.
  public var backbones = ComponentRegistry<any Backbone>(
    kind: "backbone", plural: "backbones", settings: PartOptions.self)
  /// Networks that know where the parts of a face are.
  public var landmarks = ComponentRegistry<any LandmarkExtractor>(
    kind: "landmark extractor", plural: "landmarks", settings: PartOptions.self)
  /// What fuses both into an embedding.
  public var encoders = ComponentRegistry<any Encoder>(
    kind: "encoder", plural: "encoders", settings: PartOptions.self)
  /// What turns an embedding into class scores.
  public var heads = ComponentRegistry<any Head>(kind: "head", plural: "heads", settings: PartOptions.self)
  /// What proposes a corrected distribution.
  public var corrections = ComponentRegistry<any CorrectionTerm>(
    kind: "correction term", plural: "corrections", settings: PartOptions.self)
  /// What training makes small.
  public var losses = ComponentRegistry<any Loss>(kind: "loss", plural: "losses", settings: LossOptions.self)
  /// What decides which samples make an epoch.
  public var samplers = ComponentRegistry<any Sampler>(kind: "sampler", plural: "samplers")
  /// What changes training images at random.
  public var augmentations = ComponentRegistry<any Augmentation>(
    kind: "augmentation", plural: "augmentations")
  /// Where images and labels come from.
  public var datasets = ComponentRegistry<any Dataset>(
    kind: "dataset", plural: "datasets", settings: DatasetOptions.self)
  /// What decides what training samples are taken for.
  public var labelPolicies = ComponentRegistry<any LabelPolicy>(kind: "label policy", plural: "labels")
  /// What makes several images of one.
  public var views = ComponentRegistry<any Views>(
    kind: "view plan", plural: "views", settings: ViewOptions.self)
  /// What finds faces in photographs.
  public var faceDetectors = ComponentRegistry<any FaceDetector>(
    kind: "face detector", plural: "detectors", settings: FaceOptions.self)
  /// What changes parameters.
  public var optimizers = ComponentRegistry<any Optimizer>(kind: "optimizer", plural: "optimizers")
  /// What changes the learning rate.
  public var schedules = ComponentRegistry<any Schedule>(kind: "schedule", plural: "schedules")

  /// Published ways to name the parameters in a weight file, beside the model's own.
  public private(set) var namings: [WeightNaming] = []

  /// Numbers that say how good a model is, by name.
  public private(set) var metrics = Metric.standard
  /// Parts of a run's report beyond those that every report has.
  public private(set) var reportSections: [ReportSection] = []

  /// Nothing can be named yet.
  public init() {}

  /// One with the components of some plug-ins.
  /// - Throws: ``RegistryProblem`` where two of them claim one name.
  public init(plugins: [any Plugin.Type]) throws { for plugin in plugins { try plugin.register(in: &self) } }

  /// Makes known how a kind of published weight file names its arrays.
  /// - Throws: ``RegistryProblem`` where its word is taken.
  public mutating func register(_ naming: WeightNaming) throws {
    if let owner = namings.first(where: { $0.word == naming.word }) {
      throw RegistryProblem.taken(
        name: naming.word, kind: "naming of weights", by: owner.name, refused: naming.name)
    }
    namings.append(naming)
  }

  /// Makes known a number that says how good a model is.
  /// - Throws: ``RegistryProblem`` where its name is taken.
  public mutating func register(_ metric: Metric) throws {
    guard !metric.name.isEmpty, metric.name != TrainingOptions.bestByLoss else {
      throw RegistryProblem.taken(
        name: metric.name, kind: "metric", by: "the mean of the losses", refused: "another")
    }
    guard !metrics.contains(where: { $0.name == metric.name }) else {
      throw RegistryProblem.taken(
        name: metric.name, kind: "metric", by: "one of that name", refused: "another")
    }
    metrics.append(metric)
  }

  /// Adds a part to every report.
  /// - Throws: ``RegistryProblem`` where its title is taken.
  public mutating func register(_ section: ReportSection) throws {
    guard !reportSections.contains(where: { $0.title == section.title }) else {
      throw RegistryProblem.taken(
        name: section.title, kind: "report section", by: "one of that title", refused: "another")
    }
    reportSections.append(section)
  }

  /// What is known of every component of every kind, kinds in the order of the diagram, names in alphabetical
  /// order.
  public var summaries: [ComponentSummary] {
    backbones.summaries + landmarks.summaries + encoders.summaries + heads.summaries + corrections.summaries
      + losses.summaries + samplers.summaries + augmentations.summaries + views.summaries + datasets.summaries
      + faceDetectors.summaries + labelPolicies.summaries + optimizers.summaries + schedules.summaries
  }
}

/// A folder of components, for instance one published idea.
public protocol Plugin: SendableMetatype {
  /// Registers the plug-in's components.
  /// - Throws: ``RegistryProblem`` where a name is taken.
  static func register(in registry: inout Registry) throws
}

/// A mistake in what a plug-in registers.
public enum RegistryProblem: Error, Equatable, CustomStringConvertible {
  /// Two types under one name.
  case taken(name: String, kind: String, by: String, refused: String)
  /// A name that a recipe could not write.
  case badName(String, kind: String, type: String)
  /// Options that cannot be written into a recipe.
  case badOptions(name: String, kind: String, type: String, reason: String)

  /// The sentence that a person reads.
  public var description: String {
    switch self {
    case .taken(let name, let kind, let owner, let refused):
      "two types want to be the \(kind) \"\(name)\": \(owner) is registered, \(refused) was refused; rename one"
    case .badName(let name, let kind, let type):
      "\(type) cannot be registered as the \(kind) \(JSONValue.quoted(name)): a name is made of letters, digits, "
        + "\"-\", \"_\" and \"/\""
    case .badOptions(let name, let kind, let type, let reason):
      "the \(kind) \"\(name)\" (\(type)) cannot be registered: \(reason)"
    }
  }
}
