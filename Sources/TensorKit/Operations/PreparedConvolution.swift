extension Tensor {
  /// A convolution of a map behind a batch norm and an activation, either of which may be missing.
  ///
  ///     y = convolution(activation(norm(x))) + bias,   activation(x) = max(x, 0) + slope · min(x, 0)
  ///
  /// The prepared map is not kept for the backward pass, which makes it again from x while it reads it; Winograd's
  /// algorithm does not even write it.
  ///
  /// ## Shapes
  /// as ``convolved(weight:bias:stride:padding:groups:)``; slope `[C]`
  public func convolved(
    after norm: BatchNormalization?, slope: Tensor?, weight: Tensor, bias: Tensor? = nil, stride: Int = 1,
    padding: Int = 0, groups: Int = 1
  ) -> Tensor {
    let preparation = Preparation(of: self, norm: norm, slope: slope)
    let prologue = preparation.prologue
    let sizes = ConvolutionShape(
      input: shape, weight: weight.shape, stride: stride, padding: padding, groups: groups)
    require(ConvolutionPrologue.issue(prologue, channels: sizes.window.channels))
    let way: any Convolving =
      sizes.isPointwise ? PointwiseConvolution(sizes: sizes) : sizes.algorithm(inTraining: true)
    let (input, weights) = (detached, weight.detached)
    var epilogue = ConvolutionEpilogue()
    epilogue.offset = bias?.detached
    let result = way.forward(input, way.prepared(weights), prologue, epilogue)
    let (wantsWeight, wantsBias) = (weight.isTracked, bias?.isTracked ?? false)
    return result.recorded(
      from: [self, weight] + (bias.map { [$0] } ?? []) + preparation.parameters, operation: way.name,
      work: result.count * sizes.depth
    ) { [parts = preparation.constant] gradient in
      let kernels = [wantsWeight ? way.weightGradient(gradient, input, prologue) : nil]
      let biases = bias == nil ? [] : [wantsBias ? gradient.columnSums(sizes.outputs) : nil]
      guard parts.wantsGradients else { return [nil] + kernels + biases }
      gradient = way.inputGradient(gradient, weights)
      Profile.markPart(way.name)
      defer { Profile.markPart("batch norm, prelu") }
      let found = parts.gradients(&gradient, input)
      return found.prefix(1) + kernels + biases + found.dropFirst()
    }
  }
}
