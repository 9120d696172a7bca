import NeuralKit

/// Everything a recipe can name, by kind. A value: whoever holds one decides what is in it.
public struct Registry: Sendable {
  public var backbones = Shelf<any Backbone>(kind: "backbone", plural: "backbones")
  public var landmarks = Shelf<any LandmarkExtractor>(kind: "landmark extractor", plural: "landmarks")
  public var encoders = Shelf<any Encoder>(kind: "encoder", plural: "encoders")
  public var heads = Shelf<any Head>(kind: "head", plural: "heads")
  public var corrections = Shelf<any CorrectionTerm>(kind: "correction term", plural: "corrections")
  public var losses = Shelf<any Loss>(kind: "loss", plural: "losses")
  public var samplers = Shelf<any Sampler>(kind: "sampler", plural: "samplers")
  public var augmentations = Shelf<any Augmentation>(kind: "augmentation", plural: "augmentations")
  public var datasets = Shelf<any Dataset>(kind: "dataset", plural: "datasets")
  public var optimizers = Shelf<any Optimizer>(kind: "optimizer", plural: "optimizers")
  public var schedules = Shelf<any Schedule>(kind: "schedule", plural: "schedules")

  /// An empty one.
  public init() {}

  /// One with the components of some plug-ins.
  /// - Throws: ``RegistryProblem`` where two of them claim one name.
  public init(plugins: [any Plugin.Type]) throws {
    for plugin in plugins { try plugin.register(in: &self) }
  }

  /// What is known of every component of every kind, kinds in the order of the diagram, names in alphabetical
  /// order.
  public var summaries: [ComponentSummary] {
    backbones.summaries + landmarks.summaries + encoders.summaries + heads.summaries + corrections.summaries
      + losses.summaries + samplers.summaries + augmentations.summaries + datasets.summaries
      + optimizers.summaries + schedules.summaries
  }
}

/// A folder of components, for instance one published idea.
public protocol Plugin: SendableMetatype {
  /// Puts the plug-in's components on their shelves.
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
