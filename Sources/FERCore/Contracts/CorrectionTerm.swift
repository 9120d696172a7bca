import NeuralKit
import TensorKit

/// Proposes a corrected distribution.
public protocol CorrectionTerm: ModelPart where Kind == any CorrectionTerm {
  /// Must treat each sample by itself: a prediction may not depend on its neighbours in the batch.
  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction
}
/// What a correction term is given.
public struct Prediction: Sendable {
  /// `[N, D]`
  public let embedding: Tensor
  /// The primary distribution `[N, C]`; rows sum to 1.
  public let distribution: Tensor
  /// Of backbone, landmarks, encoder and head.
  public let evidence: Evidence

  /// What a term sees: an embedding `[N, D]` and the head's distribution `[N, C]`.
  public init(embedding: Tensor, distribution: Tensor, evidence: Evidence = [:]) {
    (self.embedding, self.distribution, self.evidence) = (embedding, distribution, evidence)
  }
}

/// What a correction term proposes.
public struct Correction: Sendable {
  /// The proposed distribution `[N, C]`; rows sum to 1.
  public var distribution: Tensor
  /// What losses may ask for, and what files tell.
  public var evidence: Evidence

  /// A proposal `[N, C]` and what was noticed on the way to it.
  public init(distribution: Tensor, evidence: Evidence = [:]) {
    (self.distribution, self.evidence) = (distribution, evidence)
  }
}
