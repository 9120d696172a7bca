import TensorKit

/// Normalisation of each row (Ba, Kiros and Hinton 2016).
///
/// ## Shapes
/// `[..., size]` → the same; parameters `weight`, `bias` `[size]`
public struct LayerNorm {
  private let scale, offset: Parameter
  private let epsilon: Float

  /// - Parameter epsilon: added to the variance.
  public init(_ size: Int, epsilon: Float = 1e-5, in scope: ParameterScope) {
    scale = scope.parameter("weight", [size], .ones)
    offset = scope.parameter("bias", [size], .zeros)
    self.epsilon = epsilon
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    x.layerNormalized(scale: pass[scale], offset: pass[offset], epsilon: epsilon)
  }
}
