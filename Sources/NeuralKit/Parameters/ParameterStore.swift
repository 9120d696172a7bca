import Support
import TensorKit

/// All parameters and buffers of a model, in order of birth.
///
/// A layer asks its ``ParameterScope`` for what it needs, and the store remembers it: saving, loading,
/// freezing and optimising walk the store, so no part can be forgotten by a hand-written list.
public final class ParameterStore {
  /// Everything, in order of birth.
  public private(set) var all: [Parameter] = []
  /// What cannot be among all that was asked for, in sentences: two of a name, a shape that is none.
  package private(set) var problems: [String] = []
  private var byName: [String: Parameter] = [:]

  /// The most parameters of a model; the largest published ones have a few thousand.
  private static let most = 200_000

  /// An empty store.
  public init() {}

  /// What training changes.
  public var trainable: [Parameter] { all.filter(\.isTrainable) }

  /// The parameter or buffer of that full name.
  public subscript(name: String) -> Parameter? { byName[name] }

  /// Everything whose name starts with `prefix` and a dot (or everything, for "").
  package func under(_ prefix: String) -> [Parameter] {
    prefix.isEmpty ? all : all.filter { $0.name.hasPrefix(prefix + ".") }
  }

  /// Gives every parameter that has no value yet its first one, drawn from the seed and the parameter's own
  /// name: the order of construction, and what else is in the model, do not matter.
  public func fill(seed: UInt64) {
    for parameter in all where !parameter.isFilled {
      parameter.value = parameter.initializer.make(
        shape: parameter.shape, random: RandomSource(seed: seed, stream: "parameter " + parameter.name))
    }
  }

  func add(_ parameter: Parameter) {
    if byName[parameter.name] != nil { problems.append("asks for two parameters named \(parameter.name)") }
    if parameter.shape.countedElements == nil {
      problems.append(
        "asks for the parameter \(parameter.name) of shape \(parameter.shape), which no memory can hold")
    }
    // Whoever asks for so many does so in a loop that nothing else ends in time.
    if all.count >= Self.most {
      stop("asks for more than \(Self.most) parameters, the last \(parameter.name); make it smaller", code: 2)
    }
    byName[parameter.name] = parameter
    all.append(parameter)
  }
}

/// A place in the tree of names, where a layer's parameters are born.
public struct ParameterScope {
  /// Keeps the parameters of the whole tree.
  public let store: ParameterStore
  /// "" at the root.
  public let path: String

  /// A place in a store; by default the root of a new one.
  public init(store: ParameterStore = ParameterStore(), path: String = "") {
    self.store = store
    self.path = path
  }

  /// The scope below this one.
  public static func / (scope: ParameterScope, name: some CustomStringConvertible) -> ParameterScope {
    ParameterScope(store: scope.store, path: scope.path.isEmpty ? "\(name)" : "\(scope.path).\(name)")
  }

  /// A learned parameter.
  public func parameter(
    _ name: String, _ shape: [Int], _ initializer: Initializer, fileLayout: Parameter.FileLayout = .plain
  ) -> Parameter { born(name, shape, initializer, fileLayout, isLearned: true) }

  /// A buffer: saved with the model, never trained.
  public func buffer(_ name: String, _ shape: [Int], _ initializer: Initializer) -> Parameter {
    born(name, shape, initializer, .plain, isLearned: false)
  }

  private func born(
    _ name: String, _ shape: [Int], _ initializer: Initializer, _ fileLayout: Parameter.FileLayout,
    isLearned: Bool
  ) -> Parameter {
    let parameter = Parameter(
      name: (self / name).path, shape: shape, fileLayout: fileLayout, initializer: initializer,
      isLearned: isLearned)
    store.add(parameter)
    return parameter
  }
}
