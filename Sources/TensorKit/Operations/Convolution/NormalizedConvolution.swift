extension Tensor {
  /// A convolution of a map behind a batch norm and an activation, either of which may be missing.
  ///
  ///     y = convolution(activation(norm(x))) + bias,   activation(x) = max(x, 0) + slope · min(x, 0)
  ///
  /// The normalized map is not kept for the backward pass, which makes it again from x while it reads it; Winograd's
  /// algorithm does not even write it.
  ///
  /// ## Shapes
  /// as ``convolved(weight:bias:stride:padding:dilation:groups:)``; slope `[C]`
  package func convolved(
    after norm: BatchNormalization?, slope: Tensor?, weight: Tensor, bias: Tensor? = nil, stride: Int = 1,
    padding: Int = 0, dilation: Int = 1, groups: Int = 1
  ) -> Tensor {
    if isTraced {
      let normed = norm.map { normalized(by: $0) } ?? self
      return (slope.map { normed.prelu(slope: $0) } ?? normed).convolved(
        weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
    let activation = NormalizedActivation(of: self, norm: norm, slope: slope)
    let prologue = activation.prologue
    let sizes = ConvolutionShape(
      input: shape, weight: weight.shape, stride: stride, padding: padding, dilation: dilation,
      groups: groups)
    require(ConvolutionPrologue.issue(prologue, channels: sizes.window.channels))
    let algorithm: any DifferentiableConvolution =
      sizes.isPointwise ? PointwiseConvolution(sizes: sizes) : sizes.algorithm(inTraining: true)
    let (input, weights) = (detached, weight.detached)
    var epilogue = ConvolutionEpilogue()
    epilogue.offset = bias?.detached
    let result = algorithm.forward(input, algorithm.packed(weights), prologue, epilogue)
    let (wantsWeight, wantsBias) = (weight.isTracked, bias?.isTracked ?? false)
    return result.recorded(
      byShardFrom: [self, weight] + (bias.map { [$0] } ?? []) + activation.parameters,
      operation: algorithm.name, work: result.count * sizes.depth, as: nil
    ) { [parts = activation.constant] gradient, isKept in
      let kernels = [
        wantsWeight ? algorithm.weightGradient(gradient, input, prologue, keeping: isKept(1)) : nil
      ]
      let biases = bias == nil ? [] : [wantsBias ? gradient.columnSums(sizes.outputs) : nil]
      guard parts.wantsGradients else { return [nil] + kernels + biases }
      gradient = algorithm.inputGradient(gradient, weights).ofSameBatch(as: gradient)
      Profile.markPart(algorithm.name)
      defer { Profile.markPart("batch norm, prelu") }
      let found = parts.gradients(&gradient, input)
      return found.prefix(1) + kernels + biases + found.dropFirst()
    }
  }
}
