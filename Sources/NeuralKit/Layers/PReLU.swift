import TensorKit

/// max(x, 0) + slope * min(x, 0) with a learned slope per channel (He et al. 2015).
///
/// ## Shapes
/// `[..., channels]` → the same; parameter `weight` `[channels]`
public struct PReLU {
  private let slope: Parameter

  /// - Parameter initial: the slope of every channel at first.
  public init(_ channels: Int, initial: Float = 0.25, in scope: ParameterScope) {
    slope = scope.parameter("weight", [channels], .constant(initial))
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor { x.prelu(slope: pass[slope]) }

  /// The slopes, watched by the pass's tape where they are to be trained.
  func slope(_ pass: ForwardPass) -> Tensor { pass[slope] }

  /// The slopes where this pass wants no gradient of them.
  func constantSlope(_ pass: ForwardPass) -> Tensor? { pass.records(slope) ? nil : slope.value }
}
