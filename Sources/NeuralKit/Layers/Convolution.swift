import TensorKit

/// Two-dimensional convolution.
///
/// ## Shapes
/// `[N, H, W, inputs]` → `[N, (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1, ..., outputs]`; parameters
/// `weight` `[outputs, kernel, kernel, inputs / groups]` (in files `[outputs, inputs / groups, kernel, kernel]`),
/// `bias` `[outputs]`
public struct Convolution {
  let weight: Parameter
  let bias: Parameter?
  let stride, padding, dilation, groups: Int
  private let cache = KernelCache()

  /// - Parameter dilation: the distance between the pixels that neighbouring weights of the kernel see.
  /// - Parameter initializer: PyTorch's default where nil; with another, biases start at 0.
  public init(
    from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, bias: Bool = false, initializer: Initializer? = nil, in scope: ParameterScope
  ) {
    let fanIn = kernel * kernel * inputs / groups
    weight = scope.parameter(
      "weight", [outputs, kernel, kernel, inputs / groups], initializer ?? .pytorchDefault(fanIn: fanIn),
      fileLayout: .convolution)
    self.bias =
      bias
      ? scope.parameter("bias", [outputs], initializer == nil ? .pytorchDefault(fanIn: fanIn) : .zeros) : nil
    (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    guard isRecorded(by: pass) || x.isTracked else {
      return callAsFunction(x, prologue: nil, epilogue: ConvolutionEpilogue(), pass.precision)
    }
    cache.forget()
    return x.convolved(
      weight: pass[weight], bias: bias.map { pass[$0] }, stride: stride, padding: padding, dilation: dilation,
      groups: groups)
  }

  /// Behind a norm and an activation that are worked out where the convolution reads its input.
  func callAsFunction(_ x: UnfinishedMap, _ pass: ForwardPass) -> Tensor {
    if x.isFinished { return self(x.map, pass) }
    cache.forget()
    return x.map.convolved(
      after: x.norm, slope: x.slope, weight: pass[weight], bias: bias.map { pass[$0] }, stride: stride,
      padding: padding, dilation: dilation, groups: groups)
  }

  var outputs: Int { weight.shape[0] }

  /// Whether this pass wants gradients of its parameters.
  func isRecorded(by pass: ForwardPass) -> Bool { pass.records(weight, bias) }

  /// Without a history, and with what surrounds it in the same pass over memory.
  func callAsFunction(
    _ x: Tensor, prologue: ConvolutionPrologue?, epilogue: ConvolutionEpilogue, _ precision: Precision
  ) -> Tensor {
    var epilogue = epilogue
    if let bias {
      epilogue.offset =
        epilogue.gain.map { $0 * bias.value + (epilogue.offset ?? .zeros($0.shape)) } ?? bias.value
    }
    return x.convolved(
      kernel: cache.kernel(of: weight), stride: stride, padding: padding, dilation: dilation, groups: groups,
      prologue: prologue, epilogue: epilogue, precision: precision)
  }
}
