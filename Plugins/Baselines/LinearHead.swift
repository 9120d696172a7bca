import FERCore
import NeuralKit
import TensorKit

/// POSTER++'s classifier: one linear layer.
///
///     logits = W · e + b
///
/// Source: Mao et al. 2023, POSTER++, arXiv:2301.12149; `VIT.head.linear` in its checkpoints.
///
/// ## Shapes
/// embedding `[N, D]` -> logits `[N, C]`
public final class LinearHead: Head {
  /// ``LinearHead`` has no settings.
  public typealias Options = NoOptions

  private let linear: Linear

  /// - Throws: ``BuildIssue`` where no encoder has announced an embedding.
  public init(_ options: NoOptions, in context: inout BuildContext) throws {
    linear = Linear(from: try context.embeddingSize(), to: context.classCount, in: context.scope / "linear")
  }

  /// `[N, D]` → logits `[N, C]`.
  public func classify(_ embedding: Tensor, _ pass: ForwardPass) -> HeadOutput {
    HeadOutput(logits: linear(embedding, pass))
  }
}
