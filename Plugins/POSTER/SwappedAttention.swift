import NeuralKit
import TensorKit

/// Multi-head attention in which one stream is asked by the other.
///
///     k = W_k · own,   v = W_v · own,   q = other
///     A = W_o · concat over heads of softmax(q kᵀ / √d) v        d = features of a head
///
/// Token i of the answer was asked by token i of the other stream, and is later added to token i of its own. The query is
/// not projected, and there is no bias by place.
///
/// Source: Zheng et al. 2023, POSTER, arXiv:2204.04083, cross-fusion transformer encoder: Attention(Q_lm, K_img, V_img)
/// for the image and Attention(Q_img, K_lm, V_lm) for the landmarks. That the query stays as it is, is the code's
/// (`attn_img`, `attn_lm`); `kv` holds W_k, then W_v.
///
/// ## Shapes
/// own and other `[N, T, D]` -> `[N, T, D]`
struct SwappedAttention {
  private let keysAndValues, output: Linear
  private let heads: Int

  /// - Precondition: `heads` divides `size`.
  init(size: Int, heads: Int, in scope: ParameterScope) {
    self.heads = heads
    keysAndValues = Linear(from: size, to: 2 * size, in: scope / "kv")
    output = Linear(from: size, to: size, in: scope / "proj")
  }

  func callAsFunction(_ own: Tensor, askedBy other: Tensor, _ pass: ForwardPass) -> Tensor {
    let answer = Tensor.attention(
      query: other, keysAndValues: keysAndValues(own, pass), heads: heads, precision: pass.precision)
    return output(answer, pass)
  }

  /// How much each of its own tokens is asked for, on the mean over heads and the tokens that ask: `[N, T]`, 1 in all.
  func received(_ own: Tensor, askedBy other: Tensor, _ pass: ForwardPass) -> Tensor {
    Tensor.attentionReceived(query: other, keysAndValues: keysAndValues(own, pass), heads: heads)
  }
}
