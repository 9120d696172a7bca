import TensorKit

/// A convolution with what usually surrounds it:
///
///     y = activation(norm(convolution(before(x))) + addend)
///
/// Where nothing is recorded and the norms run on stored statistics (in evaluation, and in frozen parts), all of
/// it is one pass over memory: a norm is then a gain and an offset per channel.
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
    if let fused = fused(x, addend, pass) { return fused }
    let convolved = convolution(before.map { $0(x, pass) } ?? x, pass)
    let normed = norm.map { $0(convolved, pass) } ?? convolved
    let sum = addend.map { normed + $0 } ?? normed
    switch activation {
    case .none: return sum
    case .relu: return sum.relu()
    case .prelu(let activation): return activation(sum, pass)
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
    return convolution(x, prologue: prologue, epilogue: epilogue)
  }
}
