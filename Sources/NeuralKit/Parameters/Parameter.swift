import Support
import TensorKit

/// An array of numbers that a model learns (or, as a buffer, gathers), under a name that is unique in its model.
///
/// The value is filled when ``ParameterStore/fill(seed:)`` runs or weights are loaded, not at birth: a recipe
/// can be checked without touching memory.
public final class Parameter: @unchecked Sendable {
  /// How the array lies in a weight file (PyTorch's layout).
  public enum FileLayout: Sendable {
    /// As in memory.
    case plain
    /// A convolution: `[out, height, width, in]` in memory, `[out, in, height, width]` in a file.
    case convolution
  }

  /// Path and name: "backbone.body1.0.res_layer.1.weight".
  public let name: String
  /// The length of each axis, in the layout that it has in memory.
  public let shape: [Int]
  package let fileLayout: FileLayout
  /// Where its first value comes from.
  package let initializer: Initializer
  /// False for a buffer, such as a running mean: stored with the model, never trained.
  public let isLearned: Bool
  /// Frozen parameters gather no gradient.
  public var isFrozen = false
  /// Multiplies the learning rate.
  public var learningRateScale: Float = 1
  /// The gradient of the last backward pass; nil before.
  public var gradient: Tensor?

  /// How often the value was assigned: tells whether something made from it is still good.
  package private(set) var version = 0
  private var stored: Tensor?

  init(name: String, shape: [Int], fileLayout: FileLayout, initializer: Initializer, isLearned: Bool) {
    self.name = name
    self.shape = shape
    count = shape.countedElements ?? .max
    self.fileLayout = fileLayout
    self.initializer = initializer
    self.isLearned = isLearned
  }

  /// The current value. Assigning keeps the shape.
  public var value: Tensor {
    get {
      guard let stored else {
        stop("parameter \(name) is read before it was filled or loaded")
      }
      return stored
    }
    set {
      require(newValue.shape == shape, "parameter \(name) is \(shape), assigned \(newValue.shape)")
      stored = newValue.detached.withoutBatch
      version += 1
    }
  }

  /// Changes the value, in place where nobody else shares its numbers.
  func update(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
    require(stored != nil, "parameter \(name) is changed before it was filled or loaded")
    stored?.update(body)
    version += 1
  }

  /// Whether it has a value yet.
  package var isFilled: Bool { stored != nil }
  /// Whether training changes it.
  public var isTrainable: Bool { isLearned && !isFrozen }
  /// The number of elements; the largest number where a shape is none, which the assembly of a model refuses.
  public let count: Int
}
