import TensorKit

/// Multi-head self-attention over the tokens of each sample (Vaswani et al. 2017, section 3.2.2).
///
/// ## Shapes
/// `[N, T, size]` → the same, or `[N, count, size]` where only the first `count` tokens ask; parameters under `qkv`
/// (size to 3 size: queries, keys, values; with a bias where it is asked for) and `proj`
public struct MultiHeadSelfAttention {
  private let projection, output: Linear
  private let heads: Int

  /// - Parameter hasInputBias: whether queries, keys and values have a bias.
  /// - Precondition: `heads` divides `size`.
  public init(
    size: Int, heads: Int, hasInputBias: Bool = true, initializer: Initializer? = nil,
    in scope: ParameterScope
  ) {
    projection = Linear(
      from: size, to: 3 * size, bias: hasInputBias, initializer: initializer, in: scope / "qkv")
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

  /// How much the first token asks for each: its logits before the softmax, summed over the heads.
  ///
  ///     s_t = Σ_h q_h(x_0) · k_h(x_t) / √d = (W_q x_0 + b_q) · (W_k x_t + b_k) / √d
  ///
  /// For choices among tokens: constants without a gradient, in 32-bit floats whatever the precision of a pass. No keys
  /// are made, for q · (W_k x_t) is (q W_k) · x_t.
  ///
  /// ## Shapes
  /// `[N, T, size]` → `[N, T]`
  public func firstTokenLogits(_ x: Tensor) -> Tensor {
    let (x, count, size) = (x.detached, x.shape[0], x.shape[2])
    let rows = { (all: Parameter, part: Int) in all.value.sliced(along: 0, from: part * size, count: size) }
    let first = x.sliced(along: 1, from: 0, count: 1).reshaped([count, size])
    let query = first.linear(
      weight: rows(projection.weight, 0), bias: projection.bias.map { rows($0, 0) })  // [N, size]
    let keyed = query.matmul(rows(projection.weight, 1)).reshaped([count, size, 1])
    var logits = x.matmul(keyed).reshaped([count, -1])  // [N, T]
    if let bias = projection.bias { logits = logits + query.matmul(rows(bias, 1).reshaped([size, 1])) }
    return logits / Float(size / heads).squareRoot()
  }
}
