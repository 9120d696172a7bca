import NeuralKit
import TensorKit

/// Lets the tokens of all levels see one another and reads the embedding from a class token.
///
///     t  = [cls, level 1, level 2, ...] + positions   equation 6 (the levels; class token and positions of the code)
///     t' = MHSA(LN(t)) + t                            equation 7 (the norm of the code), `depth` times together with
///     t  = MLP(LN(t')) + t'                           equation 8
///     e  = LN(t)[cls];   e · sigmoid(W₂ · ReLU(W₁ · e))  the gate of the authors' code
///
/// Instead of the class token's, `e` may be the mean of all other tokens: Beyer et al. 2022, Better plain ViT
/// baselines, arXiv:2205.01580. There is no class token then.
///
/// Source: Mao et al. 2023, POSTER++, arXiv:2301.12149, equations 6-8, which are those of Wasi et al. 2023, ARBEx,
/// arXiv:2305.01486; and the `vit_model.py` of POSTER++ (epsilon 1e-6, initial values).
///
/// ## Shapes
/// tokens `[N, T, D]` -> `[N, D]`
struct TokenTransformer {
  /// nil where the mean of the tokens is read.
  private let classToken: Parameter?
  private let positions: Parameter
  private let blocks: [TransformerBlock]
  private let norm: LayerNorm
  private let gate: SqueezeGate

  init(
    size: Int, tokens: Int, depth: Int, heads: Int, mlpRatio: Int, deviation: Float, readsMean: Bool,
    in scope: ParameterScope
  ) {
    let weights = Initializer.truncatedNormal(deviation: deviation)
    classToken =
      readsMean ? nil : scope.parameter("cls_token", [1, 1, size], .truncatedNormal(deviation: 0.02))
    let places = readsMean ? tokens : tokens + 1
    positions = scope.parameter("pos_embed", [1, places, size], .truncatedNormal(deviation: 0.02))
    blocks = (0..<depth).map {
      TransformerBlock(
        size: size, heads: heads, hidden: mlpRatio * size, initializer: weights, in: scope / "blocks" / $0)
    }
    norm = LayerNorm(size, epsilon: 1e-6, in: scope / "norm")
    gate = SqueezeGate(size: size, initializer: weights, in: scope / "se_block")
  }

  func callAsFunction(_ levels: [Tensor], _ pass: ForwardPass) -> Tensor {
    let (count, size) = (levels[0].shape[0], levels[0].shape[2])
    let first = classToken.map { [pass[$0].broadcast(to: [count, 1, size])] } ?? []
    // [N, 1 + T, D] or [N, T, D]
    var tokens = Tensor.concatenated(first + levels, along: 1) + pass[positions]
    for (index, block) in blocks.enumerated() {
      // Of the last block only the class token is read, so only that is worked out.
      let isEnough = classToken != nil && index == blocks.count - 1
      tokens = block(tokens, asking: isEnough ? 1 : nil, pass)
    }
    guard classToken != nil else { return gate(norm(tokens, pass).mean(along: 1), pass) }
    let summary = tokens.sliced(along: 1, from: 0, count: 1).reshaped([count, size])  // [N, D]
    return gate(norm(summary, pass), pass)
  }
}
