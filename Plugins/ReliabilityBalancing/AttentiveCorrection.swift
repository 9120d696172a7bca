import FERCore
import NeuralKit
import TensorKit

/// Proposes a distribution by self-attention over the parts of one embedding.
///
///     Q, K, V = W_q·e, W_k·e, W_v·e, each read as T tokens of its own      equation 15
///     head_i  = softmax(Q_i · K_iᵀ / √d) · V_i                             equation 16
///     t       = softmax(W_o · concat(head_1 ... head_h))                   equation 17
///
/// Source: Wasi et al. 2023, ARBEx, arXiv:2305.01486, equations 15-17. The paper leaves open what the attention
/// runs over; in the authors' code it runs over the batch, so that a prediction depends on its neighbours. Here
/// the tokens are those of one sample.
///
/// ## Shapes
/// embedding `[N, D]` -> distribution `[N, C]`
final class AttentiveCorrection: CorrectionTerm {
  struct Options: ComponentOptions {
    @Option("Attention heads.", 1...65536) var heads = 8
    @Option("Tokens into which each projection is cut, T.", 1...65536) var tokens = 8
    @Option("Size of each of the three projections.", 1...65536) var keys = 128

    func issues() -> [OptionIssue] {
      if keys % tokens != 0 {
        return [OptionIssue("tokens", "must divide keys: \(tokens) tokens do not divide \(keys)")]
      }
      if keys / tokens % heads != 0 {
        return [
          OptionIssue(
            "heads",
            "must divide a token's size, keys / tokens: \(heads) heads do not divide \(keys / tokens)")
        ]
      }
      return []
    }
  }

  private let options: Options
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let output: Linear

  init(_ options: Options, in context: inout BuildContext) throws {
    self.options = options
    let (scope, size) = (context.scope, try context.embeddingSize())
    query = Linear(from: size, to: options.keys, in: scope / "query")
    key = Linear(from: size, to: options.keys, in: scope / "key")
    value = Linear(from: size, to: options.keys, in: scope / "value")
    output = Linear(from: options.keys, to: context.classCount, in: scope / "out")
  }

  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    let count = prediction.embedding.shape[0]
    let tokens = [query, key, value].map { projection in
      projection(prediction.embedding, pass).reshaped([count, options.tokens, options.keys / options.tokens])
    }  // each [N, T, keys / T]
    let attended = Tensor.attention(
      query: tokens[0], key: tokens[1], value: tokens[2], heads: options.heads, bias: nil)
    let logits = output(attended.reshaped([count, options.keys]), pass)  // [N, C]
    return Correction(distribution: logits.softmax(along: -1))
  }
}
