import TensorKit

/// The two-layer perceptron of a transformer block: linear, GELU, linear.
///
/// ## Shapes
/// `[..., size]` → the same; parameters under `fc1` (size to hidden) and `fc2` (hidden to size)
public struct MLP {
  private let first, second: Linear

  /// - Parameter initializer: of both weights; PyTorch's default where nil.
  public init(size: Int, hidden: Int, initializer: Initializer? = nil, in scope: ParameterScope) {
    first = Linear(from: size, to: hidden, initializer: initializer, in: scope / "fc1")
    second = Linear(from: hidden, to: size, initializer: initializer, in: scope / "fc2")
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    second(first(x, pass).gelu(), pass)
  }
}
