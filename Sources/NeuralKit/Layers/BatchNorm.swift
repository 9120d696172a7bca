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
  private let scale, offset: Parameter?
  private let mean, variance: Parameter
  private let epsilon, momentum: Float

  /// - Parameter momentum: the share of the batch in the running statistics.
  /// - Parameter affine: whether the normalised channels are scaled and shifted by parameters.
  public init(
    _ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, affine: Bool = true,
    in scope: ParameterScope
  ) {
    scale = affine ? scope.parameter("weight", [channels], .ones) : nil
    offset = affine ? scope.parameter("bias", [channels], .zeros) : nil
    mean = scope.buffer("running_mean", [channels], .zeros)
    variance = scope.buffer("running_var", [channels], .ones)
    (self.epsilon, self.momentum) = (epsilon, momentum)
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor { x.normalized(by: of(x, pass)) }

  /// The norm with the statistics that this pass takes; the running ones follow the batch.
  func of(_ x: Tensor, _ pass: ForwardPass) -> BatchNormalization {
    let gain = scale.map { pass[$0] } ?? .ones(mean.shape),
      shift = offset.map { pass[$0] } ?? .zeros(mean.shape)
    guard followsBatch(pass) else {
      return BatchNormalization(
        mean: mean.value, variance: variance.value, scale: gain, offset: shift, epsilon: epsilon)
    }
    let norm = BatchNormalization(over: x, scale: gain, offset: shift, epsilon: epsilon)
    if pass.updatesStatistics {
      let samples = Float(norm.valueCount)
      mean.value = mean.value * (1 - momentum) + norm.mean * momentum
      variance.value =
        variance.value * (1 - momentum) + norm.variance * (momentum * samples / max(samples - 1, 1))
    }
    return norm
  }

  /// The norm as gain · x + offset, where it runs on stored statistics and this pass wants no gradient of it.
  func affine(_ pass: ForwardPass) -> (gain: Tensor, offset: Tensor)? {
    guard !followsBatch(pass), !pass.records(scale, offset) else { return nil }
    let deviation = (variance.value + epsilon).squareRoot()
    let gain = (scale?.value ?? .ones(mean.shape)) / deviation
    return (gain, (offset?.value ?? .zeros(mean.shape)) - mean.value * gain)
  }

  private func followsBatch(_ pass: ForwardPass) -> Bool { pass.isTraining && !(scale ?? mean).isFrozen }
}
