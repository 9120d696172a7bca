/// The forms in which algorithms take the weights: those of one form can share them.
enum WeightPacking: Hashable {
  /// A packed matrix `[depth, outputs of a group]` for each group.
  case matrices(groups: Int)
  /// `[taps, channels]`
  case depthwise
  /// A packed matrix `[inputs, outputs]` for each position of a transformed tile.
  case winograd(tile: Int)
  /// The same in bfloat16.
  case bfloat16Matrix, bfloat16Winograd
}

/// An algorithm to compute a convolution.
protocol ConvolutionAlgorithm {
  /// What a ``Profile`` calls it.
  var name: StaticString { get }
  /// The form that ``packed(_:)`` makes.
  var packing: WeightPacking { get }
  /// The weights in the form that ``forward(_:_:_:_:)`` takes.
  func packed(_ weight: Tensor) -> Tensor
  func forward(
    _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?, _ epilogue: ConvolutionEpilogue
  ) -> Tensor
}

/// An algorithm to compute a convolution and its gradients.
protocol DifferentiableConvolution: ConvolutionAlgorithm {
  func inputGradient(_ gradient: Tensor, _ weight: Tensor) -> Tensor
  /// - Parameter gradient: tells by its mark which batch it is of.
  /// - Parameter prologue: what happened to the input before the convolution read it.
  /// - Parameter keeping: whether the sum over the batch is wanted by shard, `[shards, ...]`.
  func weightGradient(
    _ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?, keeping: Bool
  ) -> Tensor
}
