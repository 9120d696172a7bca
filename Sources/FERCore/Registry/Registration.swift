import NeuralKit
import Support

extension ComponentRegistry {
  /// Registers a component under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem`` where the name is taken or the options cannot be written into a recipe.
  public mutating func register<T: Component>(
    _ name: String, _ type: T.Type, _ purpose: String = ""
  ) throws where T.Kind == Kind {
    try add(name, type, purpose, T.Options.self) { options, _ in try T.make(options) }
  }

  /// Registers a part of models under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem`` where the name is taken or the options cannot be written into a recipe.
  public mutating func register<T: ModelPart>(
    _ name: String, _ type: T.Type, _ purpose: String = ""
  ) throws where T.Kind == Kind {
    try add(name, type, purpose, T.Options.self, requires: T.requires, provides: T.provides, build: T.make)
  }
}

extension ComponentRegistry where Kind == any LabelPolicy {
  /// Registers a label policy under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem`` where the name is taken or the options cannot be written into a recipe.
  public mutating func register<T: LabelPolicy>(
    _ name: String, _ type: T.Type, _ purpose: String = ""
  ) throws {
    try add(name, type, purpose, T.Options.self, requires: T.requires) { options, _ in try T.make(options) }
  }
}

extension ComponentRegistry where Kind == any Dataset {
  /// Registers a dataset, and its way to tell its layout by sight, under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem`` where the name is taken or the options cannot be written into a recipe.
  public mutating func register<T: Dataset>(_ name: String, _ type: T.Type, _ purpose: String = "") throws {
    try add(name, type, purpose, T.Options.self, recognise: T.recognise) { options, _ in try T.make(options) }
  }
}

extension ComponentRegistry where Kind == any Loss {
  /// Registers a loss under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem`` where the name is taken or the options cannot be written into a recipe.
  public mutating func register<T: Loss>(_ name: String, _ type: T.Type, _ purpose: String = "") throws {
    try add(
      name, type, purpose, T.Options.self, requires: T.requires, provides: T.provides, scope: T.scope,
      build: T.make)
  }
}
