import FERCore
import NeuralKit
import TensorKit

/// One linear layer: POSTER++'s classifier, and the usual one.
///
///     logits = W · e + b
///
/// Source: Mao et al. 2023, POSTER++, arXiv:2301.12149; `VIT.head.linear` in its checkpoints.
///
/// ## Shapes
/// embedding `[N, D]` -> logits `[N, C]`
final class LinearHead: Head {
  struct Options: ComponentOptions {
    @Option("Whether weights and bias start at 0, so that every class is as likely at first; else at random.")
    var zeroStart = false
  }

  private let linear: Linear

  init(_ options: Options, in context: inout BuildContext) throws {
    linear = Linear(
      from: try context.embeddingSize(), to: context.classCount,
      initializer: options.zeroStart ? .zeros : nil, in: context.scope / "linear")
  }

  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    HeadOutput(logits: linear(encoding.embedding, pass))
  }
}
