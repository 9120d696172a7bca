import NeuralKit
import TensorKit

/// A transformer block with attentive token pooling: tokens that the class token asks little for go between its
/// attention, in which all still take part, and its feed-forward part.
///
///     x' = x + MHSA(LN(x))
///     s_j = Σ_h q_h(cls) · k_h(j) / √d          over the heads h, for every token j but the class token
///     x'' = x' of the class token and of the ⌊r · T⌋ tokens of the greatest s
///     o  = x'' + MLP(LN(x''))
///
/// The logits count as they are, before the softmax. A token that goes still gets a gradient as key and value of this
/// block's attention.
///
/// Source: Xue et al. 2022, APViT, arXiv:2212.05463, attentive token pooling (ATP); the block is that of Dosovitskiy et
/// al. 2021, arXiv:2010.11929, equations 2 and 3, without a bias of queries, keys and values, as the authors' code has it.
///
/// ## Shapes
/// tokens `[N, 1 + T, D]`, the class token first -> `[N, 1 + K, D]`, or `[N, 1, D]` where only the class token is read
struct TokenPoolingBlock {
  /// What a block made of its tokens.
  struct Pooled {
    /// See the block's shapes.
    let tokens: Tensor
    /// The places in 0 ..< T of the tokens that stay beside the class token, rising, for each sample; nil where all
    /// stay.
    let places: [[Int]]?
  }

  private let rate: Double
  private let attentionNorm, feedForwardNorm: LayerNorm
  private let attention: MultiHeadSelfAttention
  private let feedForward: MLP

  init(size: Int, heads: Int, hidden: Int, rate: Double, initializer: Initializer, in scope: ParameterScope) {
    self.rate = rate
    attentionNorm = LayerNorm(size, epsilon: 1e-6, in: scope / "norm1")
    attention = MultiHeadSelfAttention(
      size: size, heads: heads, hasInputBias: false, initializer: initializer, in: scope / "attn")
    feedForwardNorm = LayerNorm(size, epsilon: 1e-6, in: scope / "norm2")
    feedForward = MLP(size: size, hidden: hidden, initializer: initializer, in: scope / "mlp")
  }

  /// - Parameter readsClassTokenAlone: whether nobody reads the other tokens, which then need not be worked out.
  func callAsFunction(_ tokens: Tensor, readsClassTokenAlone: Bool = false, _ pass: ForwardPass) -> Pooled {
    let normalised = attentionNorm(tokens, pass)
    let strongest = strongest(in: normalised)
    if readsClassTokenAlone {
      let summary = tokens.sliced(along: 1, from: 0, count: 1)  // [N, 1, D]
      return Pooled(
        tokens: refined(summary + attention(normalised, asking: 1, pass), pass), places: strongest?.places)
    }
    let attended = tokens + attention(normalised, pass)  // [N, 1 + T, D]
    let kept = strongest?.kept(of: attended, behind: 1) ?? attended
    return Pooled(tokens: refined(kept, pass), places: strongest?.places)
  }

  private func refined(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    x + feedForward(feedForwardNorm(x, pass), pass)
  }

  /// Which of the tokens beside the class token stay; nil for all.
  private func strongest(in normalised: Tensor) -> StrongestTokens? {
    let total = normalised.shape[1] - 1
    guard StrongestTokens.count(of: total, rate: rate) < total else { return nil }
    let logits = attention.firstTokenLogits(normalised)  // [N, 1 + T]
    return StrongestTokens(by: logits.sliced(along: 1, from: 1, count: total), rate: rate)
  }
}
