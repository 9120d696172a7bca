import NeuralKit
import TensorKit

/// Fuses the pyramids into one embedding. Reads `context.imageLevels`, `context.landmarkLevels` and `context.views`.
public protocol Encoder: ModelPart where Kind == any Encoder {
  /// Whether it brings the V views of a sample together: its maps then have N·V rows, view v of sample i in row
  /// i·V + v. Another encoder is refused where a sample has more than one view.
  static var foldsViews: Bool { get }
  /// The embedding's size D.
  var embeddingSize: Int { get }
  /// - Returns: an embedding `[N, D]`.
  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding
}
extension Encoder {
  /// Most take one image of a sample.
  public static var foldsViews: Bool { false }
}

/// What an encoder makes of a sample.
public struct Encoding: Sendable {
  /// `[N, D]`
  public var embedding: Tensor
  /// What it noticed on the way, for later stages, losses and files.
  public var evidence: Evidence

  /// An embedding `[N, D]` and what was noticed on the way to it.
  public init(embedding: Tensor, evidence: Evidence = [:]) {
    (self.embedding, self.evidence) = (embedding, evidence)
  }
}
