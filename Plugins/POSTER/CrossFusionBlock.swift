import NeuralKit
import TensorKit

/// One transformer block over the tokens of both streams at one width.
///
///     X' = X + A(LN₁(X) asked by LN₁(Z)),   X'' = X' + MLP(LN₂(X'))        the image's stream
///     Z' = Z + A(LN₃(Z) asked by LN₃(X)),   Z'' = Z' + MLP(LN₄(Z'))        the landmarks' stream
///     [X'', Z''] ← conv [X'', Z'']                                         where tokens are mixed
///
/// Both streams start from the X and Z that came in. In training a branch may be left out for whole samples.
///
/// Source: Zheng et al. 2023, POSTER, arXiv:2204.04083, cross-fusion transformer encoder. The mixing is in the code of the
/// RAF-DB model alone (`conv`). Norms have epsilon 1e-6, as there.
///
/// ## Shapes
/// `[N, 2T, D]`, image tokens first -> the same
struct CrossFusionBlock {
  /// What a block is made of.
  struct Size {
    /// Features of a token, D.
    let width: Int
    let heads: Int
    let mlpRatio: Int
    let dropPath: Float
    /// Tokens of both streams, 2T.
    let tokens: Int
    let isMixing: Bool

    /// The same with a part of the features.
    func narrowed(by factor: Int) -> Size {
      Size(
        width: width / factor, heads: heads, mlpRatio: mlpRatio, dropPath: dropPath, tokens: tokens,
        isMixing: isMixing)
    }
  }

  private let image, landmarks: Stream
  private let mixing: TokenConvolution?

  init(_ size: Size, in scope: ParameterScope) {
    image = Stream(size, attention: "attn_img", norms: ("norm1", "norm2"), mlp: "mlp1", in: scope)
    landmarks = Stream(size, attention: "attn_lm", norms: ("norm3", "norm4"), mlp: "mlp2", in: scope)
    mixing = size.isMixing ? TokenConvolution(tokens: size.tokens, in: scope / "conv") : nil
  }

  func callAsFunction(_ tokens: Tensor, _ pass: ForwardPass) -> Tensor {
    let half = tokens.shape[1] / 2
    let x = tokens.sliced(along: 1, from: 0, count: half)
    let z = tokens.sliced(along: 1, from: half, count: half)
    let both = Tensor.concatenated([image(x, other: z, pass), landmarks(z, other: x, pass)], along: 1)
    return mixing?(both, pass) ?? both
  }

  /// How much the landmarks' tokens ask for each token of the image: `[N, 2T, D]` -> `[N, T]`
  func imageAttention(_ tokens: Tensor, _ pass: ForwardPass) -> Tensor {
    let half = tokens.shape[1] / 2
    let streams = [0, half].map { tokens.sliced(along: 1, from: $0, count: half) }
    return image.received(streams[0], other: streams[1], pass)
  }
}

/// What happens to the tokens of one stream.
private struct Stream {
  let attentionNorm, feedForwardNorm: LayerNorm
  let attention: SwappedAttention
  let feedForward: MLP
  let attentionDrop, feedForwardDrop: DropPath

  init(
    _ size: CrossFusionBlock.Size, attention name: String, norms: (String, String), mlp: String,
    in scope: ParameterScope
  ) {
    attentionNorm = LayerNorm(size.width, epsilon: 1e-6, in: scope / norms.0)
    feedForwardNorm = LayerNorm(size.width, epsilon: 1e-6, in: scope / norms.1)
    attention = SwappedAttention(size: size.width, heads: size.heads, in: scope / name)
    feedForward = MLP(size: size.width, hidden: size.mlpRatio * size.width, in: scope / mlp)
    attentionDrop = DropPath(size.dropPath, in: scope / name / "drop_path")
    feedForwardDrop = DropPath(size.dropPath, in: scope / mlp / "drop_path")
  }

  /// The same norm is given both streams before they meet.
  func callAsFunction(_ own: Tensor, other: Tensor, _ pass: ForwardPass) -> Tensor {
    let found = attention(attentionNorm(own, pass), askedBy: attentionNorm(other, pass), pass)
    let attended = own + attentionDrop(found, pass)
    return attended + feedForwardDrop(feedForward(feedForwardNorm(attended, pass), pass), pass)
  }

  /// How much the other stream asks for each token of this one: `[N, T]`
  func received(_ own: Tensor, other: Tensor, _ pass: ForwardPass) -> Tensor {
    attention.received(attentionNorm(own, pass), askedBy: attentionNorm(other, pass), pass)
  }
}
