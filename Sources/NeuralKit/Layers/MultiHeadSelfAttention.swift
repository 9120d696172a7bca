import TensorKit

/// Multi-head self-attention over the tokens of each sample (Vaswani et al. 2017, section 3.2.2).
///
/// ## Shapes
/// `[N, T, size]` → the same, or `[N, count, size]` where only the first `count` tokens ask; parameters under `qkv`
/// (size to 3 size: queries, keys, values) and `proj`
public struct MultiHeadSelfAttention {
  private let projection, output: Linear
  private let heads: Int

  /// - Precondition: `heads` divides `size`.
  public init(size: Int, heads: Int, initializer: Initializer? = nil, in scope: ParameterScope) {
    projection = Linear(from: size, to: 3 * size, initializer: initializer, in: scope / "qkv")
    output = Linear(from: size, to: size, initializer: initializer, in: scope / "proj")
    self.heads = heads
  }

  /// - Parameter count: how many tokens, from the first, ask; nil for all. All of them answer.
  public func callAsFunction(_ x: Tensor, asking count: Int? = nil, _ pass: ForwardPass) -> Tensor {
    if let count, count < x.shape[1] {
      let bias = projection.bias.map { pass[$0] }
      return output(
        x.selfAttention(asking: count, weight: pass[projection.weight], bias: bias, heads: heads), pass)
    }
    return output(Tensor.selfAttention(projection(x, pass), heads: heads, precision: pass.precision), pass)
  }
}
