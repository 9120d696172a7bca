import TensorKit

/// Normalisation of each channel over the batch (Ioffe and Szegedy 2015).
///
/// In training the batch's own statistics are used, and the stored ones follow them: running = (1 - momentum)
/// running + momentum batch, the variance unbiased, as in PyTorch. In evaluation, and where its parameters are
/// frozen, the stored ones are used.
///
/// ## Shapes
/// `[..., channels]` → the same; parameters `weight`, `bias`, buffers `running_mean`, `running_var`, all `[channels]`
public struct BatchNorm {
  private let scale, offset, mean, variance: Parameter
  private let epsilon, momentum: Float

  /// - Parameter momentum: the share of the batch in the running statistics.
  public init(_ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, in scope: ParameterScope) {
    scale = scope.parameter("weight", [channels], .ones)
    offset = scope.parameter("bias", [channels], .zeros)
    mean = scope.buffer("running_mean", [channels], .zeros)
    variance = scope.buffer("running_var", [channels], .ones)
    (self.epsilon, self.momentum) = (epsilon, momentum)
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor { x.normalized(by: of(x, pass)) }

  /// The norm with the statistics that this pass takes; the running ones follow the batch.
  func of(_ x: Tensor, _ pass: ForwardPass) -> BatchNormalization {
    guard pass.isTraining, !scale.isFrozen else {
      return BatchNormalization(
        mean: mean.value, variance: variance.value, scale: pass[scale], offset: pass[offset], epsilon: epsilon
      )
    }
    let norm = BatchNormalization(over: x, scale: pass[scale], offset: pass[offset], epsilon: epsilon)
    if pass.updatesStatistics {
      let samples = Float(x.count / scale.count)
      mean.value = mean.value * (1 - momentum) + norm.mean * momentum
      variance.value =
        variance.value * (1 - momentum) + norm.variance * (momentum * samples / max(samples - 1, 1))
    }
    return norm
  }

  /// The norm as gain · x + offset, where it runs on stored statistics and this pass wants no gradient of it.
  func affine(_ pass: ForwardPass) -> (gain: Tensor, offset: Tensor)? {
    guard !pass.isTraining || scale.isFrozen, !pass.records(scale, offset) else {
      return nil
    }
    let gain = scale.value / (variance.value + epsilon).squareRoot()
    return (gain, offset.value - mean.value * gain)
  }
}
