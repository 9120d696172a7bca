import TensorKit

/// Leaves a residual branch out for whole samples at random in training (stochastic depth, Huang et al. 2016).
/// Which ones depends on what ``Dropout``'s choice depends on.
///
/// ## Shapes
/// `[N, ...]` → the same
public struct DropPath {
  private let rate: Float
  private let name: String

  /// - Parameter rate: the share that is dropped, 0..<1.
  public init(_ rate: Float, in scope: ParameterScope) {
    self.rate = rate
    name = "drop path " + scope.path
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    guard pass.isTraining, rate > 0 else { return x }
    let shape = [x.shape[0]] + Array(repeating: 1, count: x.rank - 1)
    return x * pass.dropMask(shape, rate: rate, for: name)
  }
}
