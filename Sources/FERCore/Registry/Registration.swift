import NeuralKit

/// Keys that a recipe may write beside a component's own options.
public enum ReservedKeys {
  /// Everywhere: the component's name.
  public static let plain = ["use"]
  /// Beside the parts of a model.
  public static let part = ["frozen", "learningRateScale", "use", "weights"]
  /// Beside losses.
  public static let loss = ["use", "weight"]
}

// One extension for each kind: Swift has no way to say "any type that conforms to the protocol of this shelf".

extension Shelf where Product == any Backbone {
  /// Registers a type under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: Backbone>(_ name: String, _ type: T.Type, _ purpose: String = "") throws {
    try add(name, type, purpose, options: T.Options.self, reserved: ReservedKeys.part) {
      try T($0, in: &$1)
    }
  }
}

extension Shelf where Product == any LandmarkExtractor {
  /// Registers a type under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: LandmarkExtractor>(_ name: String, _ type: T.Type, _ purpose: String = "")
    throws
  {
    try add(name, type, purpose, options: T.Options.self, reserved: ReservedKeys.part) {
      try T($0, in: &$1)
    }
  }
}

extension Shelf where Product == any Encoder {
  /// Registers a type under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: Encoder>(_ name: String, _ type: T.Type, _ purpose: String = "") throws {
    try add(name, type, purpose, options: T.Options.self, reserved: ReservedKeys.part) {
      try T($0, in: &$1)
    }
  }
}

extension Shelf where Product == any Head {
  /// Registers a type under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: Head>(_ name: String, _ type: T.Type, _ purpose: String = "") throws {
    try add(name, type, purpose, options: T.Options.self, reserved: ReservedKeys.part) {
      try T($0, in: &$1)
    }
  }
}

extension Shelf where Product == any CorrectionTerm {
  /// Registers a type under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: CorrectionTerm>(_ name: String, _ type: T.Type, _ purpose: String = "")
    throws
  {
    try add(name, type, purpose, options: T.Options.self, provides: T.provides, reserved: ReservedKeys.part) {
      try T($0, in: &$1)
    }
  }
}

extension Shelf where Product == any Loss {
  /// Registers a type under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: Loss>(_ name: String, _ type: T.Type, _ purpose: String = "") throws {
    try add(name, type, purpose, options: T.Options.self, requires: T.requires, reserved: ReservedKeys.loss) {
      try T($0, in: &$1)
    }
  }
}

extension Shelf where Product == any Sampler {
  /// Registers a type under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: Sampler>(_ name: String, _ type: T.Type, _ purpose: String = "") throws {
    try add(name, type, purpose, options: T.Options.self, reserved: ReservedKeys.plain) {
      try T($0, in: &$1)
    }
  }
}

extension Shelf where Product == any Augmentation {
  /// Registers a type under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: Augmentation>(_ name: String, _ type: T.Type, _ purpose: String = "")
    throws
  {
    try add(name, type, purpose, options: T.Options.self, reserved: ReservedKeys.plain) {
      try T($0, in: &$1)
    }
  }
}

extension Shelf where Product == any Dataset {
  /// Registers a type under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: Dataset>(_ name: String, _ type: T.Type, _ purpose: String = "") throws {
    try add(name, type, purpose, options: T.Options.self, reserved: ReservedKeys.plain) {
      try T($0, in: &$1)
    }
  }
}

extension Shelf where Product == any Optimizer {
  /// Registers an optimiser under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: Optimizer>(_ name: String, _ type: T.Type, _ purpose: String = "") throws {
    try add(name, type, purpose, options: T.Options.self, reserved: ReservedKeys.plain) { options, _ in
      T(options)
    }
  }
}

extension Shelf where Product == any Schedule {
  /// Registers a schedule under the name that recipes use.
  /// - Parameter purpose: what it is good for, in a line.
  /// - Throws: ``RegistryProblem``.
  public mutating func register<T: Schedule>(_ name: String, _ type: T.Type, _ purpose: String = "") throws {
    try add(name, type, purpose, options: T.Options.self, reserved: ReservedKeys.plain) { options, _ in
      T(options)
    }
  }
}
