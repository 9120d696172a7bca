import FERCore
import NeuralKit
import TensorKit

extension EvidenceKey {
  /// How much a face is trusted, α `[N, 1]`, between 0 and 1.
  static let importance = EvidenceKey("importance", .sample)
}

/// Class scores, multiplied by how much the face is trusted.
///
///     α      = σ(q · e + a)        importance of the face
///     logits = α (W · e + b)       cross-entropy of these is the paper's logit-weighted one
///
/// A small α brings the distribution towards an even one, so that a face which is not trusted moves the network less; the
/// likeliest class stays the same.
///
/// Source: Wang et al. 2020, SCN, arXiv:2002.10392, section "Self-attention importance weighting". The paper has neither
/// bias; the authors' code has both, and weighs b as well.
///
/// ## Shapes
/// embedding `[N, D]` -> logits `[N, C]`, α `[N, 1]`
final class SelfCureHead: Head {
  typealias Options = NoOptions

  private let importance, scores: Linear

  /// Names as in the authors' code: `alpha` is a sequence of a linear layer and the sigmoid.
  init(_ options: NoOptions, in context: inout BuildContext) throws {
    let size = try context.embeddingSize()
    importance = Linear(from: size, to: 1, in: context.scope / "alpha" / 0)
    scores = Linear(from: size, to: context.classCount, in: context.scope / "fc")
  }

  static func provides(_ options: NoOptions) -> [EvidenceKey] { [.importance] }

  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    let trust = importance(encoding.embedding, pass).sigmoid()  // [N, 1]
    return HeadOutput(logits: scores(encoding.embedding, pass) * trust, evidence: [.importance: trust])
  }
}
