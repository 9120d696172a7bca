/// What kind of operation a step of a ``Trace`` is, with all that decides its numbers beside its operands. Shapes are
/// no part of it: a step knows its own, and those may grow with the batch.
///
/// The operands stand in the order of the operation's arguments. Maps are `[N, H, W, C]` and axes count from the front,
/// as everywhere in this room.
package enum TracedOperation: Equatable, Sendable {
  /// What the trace begins with.
  case input
  /// One that nobody can write down, by its name in a ``Profile``.
  case unknown(String)
  /// Element by element, with broadcasting.
  case add, subtract, multiply, divide
  /// Element by element.
  case squareRoot, exp, log, sigmoid, relu, gelu, tanh, abs
  case power(Float)
  case clamp(lowest: Float, highest: Float)
  /// Operands: mask, chosen, other.
  case select
  case reshape, broadcast
  case permute([Int])
  /// The same places of every sample, along the second axis.
  case gatherPlaces([Int])
  case gatherRows([Int])
  /// Operands: `[N, T, ...]` and scores `[N, T - leading]`. The first `leading` rows of each sample, and of the others
  /// the `count` of the greatest scores, in their old order.
  case gatherStrongest(count: Int, leading: Int)
  /// Each row of the last axis in order of size.
  case sort(descending: Bool)
  case stride(Int)
  case resize(Tensor.Interpolation)
  case concatenate(axis: Int)
  case slice(axis: Int, start: Int)
  case interleave
  case maxPool(kernel: Int, stride: Int, padding: Int)
  case averagePool(kernel: Int, stride: Int)
  case sum(axes: [Int], keepsDimensions: Bool)
  case maximum(axis: Int), minimum(axis: Int)
  /// Along the last axis.
  case softmax, logSoftmax
  /// Operands: x, weight `[out, in]`, perhaps bias.
  case linear
  case matmul(transposesOther: Bool)
  /// Operands: x, weight `[out, height, width, in / groups]`, perhaps bias.
  case convolution(stride: Int, padding: Int, dilation: Int, groups: Int)
  /// Operands: x, scale, offset, mean, variance.
  case batchNormalization(epsilon: Float)
  /// Operands: x, scale, offset.
  case layerNormalization(epsilon: Float)
  /// Operands: x, slope.
  case prelu
}
