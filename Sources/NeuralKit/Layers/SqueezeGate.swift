import TensorKit

/// Scales each feature by a gate in 0...1 computed from all of them (the excitation of Hu et al. 2018; here on an
/// embedding, as in POSTER++): x σ(W₂ relu(W₁ x)).
///
/// ## Shapes
/// `[N, size]` → the same; parameters under `linear1` and `linear2`
public struct SqueezeGate {
  private let first, second: Linear

  /// - Parameter initializer: of both weights; PyTorch's default where nil.
  public init(size: Int, initializer: Initializer? = nil, in scope: ParameterScope) {
    first = Linear(from: size, to: size, initializer: initializer, in: scope / "linear1")
    second = Linear(from: size, to: size, initializer: initializer, in: scope / "linear2")
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    x * second(first(x, pass).relu(), pass).sigmoid()
  }
}
