import TensorKit

/// A block of a pre-norm transformer (Dosovitskiy et al. 2021, equations 2 and 3).
///
///     t'  = MHSA(LN(t)) + t
///     t'' = MLP(LN(t')) + t'
///
/// ## Shapes
/// `[N, T, size]` → the same, or `[N, count, size]` where only the first `count` tokens ask; parameters under `norm1`,
/// `attn`, `norm2` and `mlp`
public struct TransformerBlock {
  private let attentionNorm, feedForwardNorm: LayerNorm
  private let attention: MultiHeadSelfAttention
  private let feedForward: MLP
  private let attentionDrop, feedForwardDrop: DropPath

  /// - Parameter hidden: the size between the two layers of the MLP.
  /// - Parameter epsilon: of both norms.
  /// - Parameter initializer: of all weights but the norms'; PyTorch's default where nil.
  /// - Parameter dropPath: the share of samples for which a branch is left out in training, 0..<1.
  /// - Precondition: `heads` divides `size`.
  public init(
    size: Int, heads: Int, hidden: Int, epsilon: Float = 1e-6, initializer: Initializer? = nil,
    dropPath: Float = 0, in scope: ParameterScope
  ) {
    attentionNorm = LayerNorm(size, epsilon: epsilon, in: scope / "norm1")
    attention = MultiHeadSelfAttention(size: size, heads: heads, initializer: initializer, in: scope / "attn")
    feedForwardNorm = LayerNorm(size, epsilon: epsilon, in: scope / "norm2")
    feedForward = MLP(size: size, hidden: hidden, initializer: initializer, in: scope / "mlp")
    attentionDrop = DropPath(dropPath, in: scope / "drop_path1")
    feedForwardDrop = DropPath(dropPath, in: scope / "drop_path2")
  }

  /// See the type's shapes.
  /// - Parameter count: how many tokens, from the first, ask; nil for all. All of them answer.
  public func callAsFunction(_ tokens: Tensor, asking count: Int? = nil, _ pass: ForwardPass) -> Tensor {
    let count = count ?? tokens.shape[1]
    let asking = count == tokens.shape[1] ? tokens : tokens.sliced(along: 1, from: 0, count: count)
    let found = attention(attentionNorm(tokens, pass), asking: count, pass)
    let attended = asking + attentionDrop(found, pass)  // [N, count, size]
    return attended + feedForwardDrop(feedForward(feedForwardNorm(attended, pass), pass), pass)
  }
}
