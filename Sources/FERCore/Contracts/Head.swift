import NeuralKit
import TensorKit

/// Turns the embedding into class scores. Reads `context.embeddingSize()` and `context.classCount`.
public protocol Head: ModelPart where Kind == any Head {
  /// - Parameter encoding: the embedding `[N, D]` and the evidence of the stages so far.
  /// - Returns: in every mode the scores that prediction goes by; what training mixes, a loss mixes.
  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput
}
/// What a head says of an embedding.
public struct HeadOutput: Sendable {
  /// Unnormalised class scores `[N, C]`.
  public var logits: Tensor
  /// What it noticed on the way, for corrections, losses and files.
  public var evidence: Evidence

  /// Scores `[N, C]` and what was noticed on the way to them.
  public init(logits: Tensor, evidence: Evidence = [:]) { (self.logits, self.evidence) = (logits, evidence) }
}
