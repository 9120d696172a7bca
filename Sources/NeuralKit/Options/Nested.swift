import Support

/// A component inside a component: the optimiser that takes the step of another, the augmentations of which one is
/// drawn.
///
///     @Option("Optimiser that takes the step.") var base = Nested<any Optimizer>("adam")
///     @Option("One of these is applied.") var among: [Nested<any Augmentation>] = []
///
/// A recipe writes the name, or an object of the name and the component's own options: `base: "adamw"`,
/// `base: { use: "adamw", weightDecay: 0.1 }`. Whoever reads the recipe finds the component by its name, reports what
/// is wrong with its options, and puts the way to make it in here.
///
/// `Kind` is what the components of a kind are handed out as, for instance `any Optimizer`.
public struct Nested<Kind>: OptionValue {
  /// The name that recipes use.
  public let name: String
  /// The component's own options, as far as they do not follow from those of its owner.
  package let options: [String: JSONValue]
  private let build: (@Sendable () throws -> Any)?

  /// The component of that name with its own defaults. Names are looked up when a recipe is read.
  public init(_ name: String) { (self.name, options, build) = (name, [:], nil) }

  /// A component that `build` makes, for code that does without recipes.
  public init(_ name: String, build: @escaping @Sendable () throws -> Kind) {
    self.init(name: name, options: [:], build: build)
  }

  package init(name: String, options: [String: JSONValue], build: @escaping @Sendable () throws -> Any) {
    (self.name, self.options, self.build) = (name, options, build)
  }

  /// A new component.
  /// - Throws: what the component's own `init` throws; an ``OptionIssue`` where no recipe was read, so that nobody has
  ///   looked the name up.
  public func make() throws -> Kind {
    guard let build else {
      throw OptionIssue(
        name, "is a name that nobody has looked up: a component inside another needs a recipe")
    }
    guard let component = try build() as? Kind else {
      throw OptionIssue(name, "is not a component of the kind \(Kind.self)")
    }
    return component
  }

  /// Reads a bare name. A recipe's decoder does not come by here.
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  /// Writes what a recipe would say: the bare name, or an object of the name and all options.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if options.isEmpty {
      try container.encode(name)
    } else {
      try container.encode(options.merging(["use": .string(name)]) { $1 })
    }
  }

  /// Whether name and options are the same.
  public static func == (left: Nested, right: Nested) -> Bool {
    left.name == right.name && left.options == right.options
  }

  /// As a recipe's author knows it.
  public static var kind: String { "component" }
}

/// What a recipe's decoder knows a ``Nested`` by.
package protocol AnyNested: OptionValue {
  /// What the component is handed out as, for instance `any Optimizer`.
  static var component: Any.Type { get }
  init(_ name: String)
  init(name: String, options: [String: JSONValue], build: @escaping @Sendable () throws -> Any)
}
extension Nested: AnyNested {
  package static var component: Any.Type { Kind.self }
}

/// Options of which some hold for the components inside, too, unless those are given their own.
package protocol InheritedOptions: ComponentOptions {
  /// The owner's key, and the keys of the component inside that it fills: `["momentum": ["momentum", "beta1"]]`.
  static var inherited: [String: [String]] { get }
}
