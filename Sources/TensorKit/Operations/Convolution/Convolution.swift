extension Tensor {
  /// Two-dimensional convolution (cross-correlation, as everywhere in this field).
  ///
  /// ## Shapes
  /// self `[N, H, W, C]`, weight `[out, kernelHeight, kernelWidth, C / groups]`, bias `[out]` →
  /// `[N, (H + 2 padding - dilation (kernelHeight - 1) - 1) / stride + 1, ..., out]`
  /// - Parameter dilation: the distance between the pixels that neighbouring weights of the kernel see.
  public func convolved(
    weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1
  ) -> Tensor {
    let sizes = ConvolutionShape(
      input: shape, weight: weight.shape, stride: stride, padding: padding, dilation: dilation,
      groups: groups)
    let kind = TracedOperation.convolution(
      stride: stride, padding: padding, dilation: dilation, groups: groups)
    let operands = [self, weight] + (bias.map { [$0] } ?? [])
    if sizes.isPointwise {
      let result = linear(weight: weight, bias: bias, operation: "convolution, 1x1")
      return isTraced ? tape?.traced(result, as: kind, of: operands) ?? result : result
    }
    let (input, weights) = (detached, weight.detached)
    let convolution = sizes.algorithm(inTraining: true)
    var epilogue = ConvolutionEpilogue()
    epilogue.offset = bias?.detached
    let result = convolution.forward(input, convolution.packed(weights), nil, epilogue)
    let wants = (isTracked, weight.isTracked, bias?.isTracked ?? false)
    return result.recorded(
      byShardFrom: operands, operation: convolution.name, work: result.count * sizes.depth, as: kind
    ) { gradient, isKept in
      [
        wants.0 ? convolution.inputGradient(gradient, weights) : nil,
        wants.1 ? convolution.weightGradient(gradient, input, nil, keeping: isKept(1)) : nil,
        wants.2 ? gradient.columnSums(sizes.outputs) : nil,
      ]
    }
  }
}

extension Tensor {
  /// The same without a history, with what comes before and after it in the same pass over memory.
  /// - Parameter work: the multiply-adds that a ``Profile`` books; nil for its own.
  package func convolved(
    kernel: ConvolutionKernel, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
    prologue: ConvolutionPrologue?,
    epilogue: ConvolutionEpilogue, precision: Precision = .float32, work: Int? = nil
  ) -> Tensor {
    let sizes = ConvolutionShape(
      input: shape, weight: kernel.weight.shape, stride: stride, padding: padding, dilation: dilation,
      groups: groups)
    let algorithm = sizes.algorithm(in: precision)
    let result = algorithm.forward(detached, kernel.packed(for: algorithm), prologue, epilogue)
    return result.recorded(from: [], operation: algorithm.name, work: work ?? result.count * sizes.depth) {
      _ in []
    }.ofSameBatch(as: self)
  }
}
