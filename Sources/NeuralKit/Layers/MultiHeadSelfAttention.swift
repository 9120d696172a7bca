import TensorKit

/// Multi-head self-attention over the tokens of each sample (Vaswani et al. 2017, section 3.2.2).
///
/// ## Shapes
/// `[N, T, size]` → the same, or `[N, count, size]` where only the first `count` tokens ask; parameters under `qkv`
/// (size to 3 size: queries, keys, values) and `proj`
public struct MultiHeadSelfAttention {
  private let projection, output: Linear
  private let size, heads: Int

  /// - Precondition: `heads` divides `size`.
  public init(size: Int, heads: Int, initializer: Initializer? = nil, in scope: ParameterScope) {
    projection = Linear(from: size, to: 3 * size, initializer: initializer, in: scope / "qkv")
    output = Linear(from: size, to: size, initializer: initializer, in: scope / "proj")
    (self.size, self.heads) = (size, heads)
  }

  /// - Parameter count: how many tokens, from the first, ask; nil for all. All of them answer.
  public func callAsFunction(_ x: Tensor, asking count: Int? = nil, _ pass: ForwardPass) -> Tensor {
    let parts = projection(x, pass)  // [N, T, 3 size]
    let (key, value) = (part(1, of: parts), part(2, of: parts))
    let query = part(0, of: count.map { parts.sliced(along: 1, from: 0, count: $0) } ?? parts)
    return output(Tensor.attention(query: query, key: key, value: value, heads: heads), pass)
  }

  private func part(_ index: Int, of parts: Tensor) -> Tensor {
    parts.sliced(along: -1, from: index * size, count: size)
  }
}
