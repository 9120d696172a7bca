import NeuralKit

extension ComponentRegistry {
  /// Registers a component under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem`` where the name is taken or the options cannot be written into a recipe.
  public mutating func register<T: Component>(_ name: String, _ type: T.Type, _ purpose: String = "") throws
  where T.Kind == Kind {
    let (policy, dataset) = (type as? any LabelPolicy.Type, type as? any Dataset.Type)
    try add(
      name, type, purpose, T.Options.self, requires: { policy?.required(by: $0) ?? [] },
      recognise: dataset?.recognise
    ) { options, _ in try T(options) as? Kind }
  }

  /// Registers a part of models under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem`` where the name is taken or the options cannot be written into a recipe.
  public mutating func register<T: ModelPart>(_ name: String, _ type: T.Type, _ purpose: String = "") throws
  where T.Kind == Kind {
    try add(
      name, type, purpose, T.Options.self, requires: T.requires, provides: T.provides,
      scope: (type as? any Loss.Type)?.scope
    ) { try T($0, in: &$1) as? Kind }
  }
}

extension LabelPolicy {
  /// What it requires with these options, which are its own.
  fileprivate static func required(by options: any ComponentOptions) -> [EvidenceKey] {
    (options as? Options).map(requires) ?? []
  }
}
