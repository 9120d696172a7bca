import TensorKit

/// A convolution with what usually surrounds it:
///
///     y = activation(norm(convolution(before(x))) + addend)
///
/// Where nothing is recorded and the norms run on stored statistics (in evaluation, and in frozen parts), all of
/// it is one pass over memory: a norm is then a gain and an offset per channel. Elsewhere the norm before the
/// convolution is worked out where the convolution reads its input, and its result is not kept.
///
/// ## Shapes
/// as ``Convolution``
public struct ConvolutionBlock {
  /// What follows the sum.
  public enum Activation {
    case none
    /// max(x, 0)
    case relu
    /// A learned slope for negative numbers.
    case prelu(PReLU)
  }

  private let before: BatchNorm?
  private let convolution: Convolution
  private let norm: BatchNorm?
  private let activation: Activation

  /// - Parameter before: normalises the input.
  public init(
    normalizedBy before: BatchNorm? = nil, _ convolution: Convolution, _ norm: BatchNorm? = nil,
    activation: Activation = .none
  ) {
    (self.before, self.convolution, self.norm, self.activation) = (before, convolution, norm, activation)
  }

  /// See the type's shapes.
  /// - Parameter addend: of the result's shape; added before the activation.
  public func callAsFunction(_ x: Tensor, adding addend: Tensor? = nil, _ pass: ForwardPass) -> Tensor {
    finished(UnfinishedMap(x), adding: addend, pass)
  }

  func finished(_ x: UnfinishedMap, adding addend: Tensor? = nil, _ pass: ForwardPass) -> Tensor {
    if x.isFinished, let fused = fused(x.map, addend, pass) { return fused }
    return unfused(x, pass).finished(adding: addend)
  }

  /// Norm and activation are left to whoever reads the map, unless all is one pass over memory anyway.
  func unfinished(_ x: UnfinishedMap, _ pass: ForwardPass) -> UnfinishedMap {
    if x.isFinished, let fused = fused(x.map, nil, pass) { return UnfinishedMap(fused) }
    return unfused(x, pass)
  }

  private func unfused(_ x: UnfinishedMap, _ pass: ForwardPass) -> UnfinishedMap {
    var input = x
    if let before {
      let map = x.finished()
      input = UnfinishedMap(map, before.of(map, pass))
    }
    let map = convolution(input, pass)
    let norm = norm?.of(map, pass)
    switch activation {
    case .none: return UnfinishedMap(map, norm)
    case .relu: return UnfinishedMap(map, norm, .relu)
    case .prelu(let activation): return UnfinishedMap(map, norm, .prelu(slope: activation.slope(pass)))
    }
  }

  /// nil where gradients are wanted or a norm needs the batch's statistics.
  private func fused(_ x: Tensor, _ addend: Tensor?, _ pass: ForwardPass) -> Tensor? {
    guard !x.isTracked, !(addend?.isTracked ?? false), !convolution.isRecorded(by: pass) else { return nil }
    var prologue: ConvolutionPrologue?
    var epilogue = ConvolutionEpilogue()
    if let before {
      guard let affine = before.affine(pass) else { return nil }
      prologue = ConvolutionPrologue(gain: affine.gain, offset: affine.offset)
    }
    if let norm {
      guard let affine = norm.affine(pass) else { return nil }
      (epilogue.gain, epilogue.offset) = (affine.gain, affine.offset)
    }
    epilogue.addend = addend
    switch activation {
    case .none: break
    case .relu: epilogue.slope = .zeros([convolution.outputs])
    case .prelu(let activation):
      guard let slope = activation.constantSlope(pass) else { return nil }
      epilogue.slope = slope
    }
    return convolution(x, prologue: prologue, epilogue: epilogue, pass.precision)
  }
}
