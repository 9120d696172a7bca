import FERCore
import NeuralKit
import TensorKit

/// Pushes the anchors apart.
///
///     L = −mean over i ≠ j of ‖a_i − a_j‖² / D                   equation 21, normalised
///     L = −mean over i ≠ j of min(‖a_i − a_j‖² / D, margin)      with a margin
///
/// i and j run over all M = C·K anchors. The first form equals −2 / ((M − 1)·D) · Σᵢ ‖aᵢ − ā‖², ā the mean of
/// the anchors, and has no lower bound; with a margin, a pair that is far enough apart is left alone.
///
/// Source: Wasi et al. 2023, ARBEx, arXiv:2305.01486, equation 21. The mean over pairs and dimensions makes its
/// weight mean the same for any number of anchors; the authors' code compares anchors of the same index only.
///
/// ## Shapes
/// anchors `[C, K, D]` -> `[1]`
final class AnchorLoss: Loss {
  struct Options: ComponentOptions {
    @Option(
      "Mean squared distance by dimension beyond which two anchors are no longer pushed apart. 0: none.", 0...
    )
    var margin: Float = 0
  }

  static let scope = LossScope.parameters
  static func requires(_ options: Options) -> [EvidenceKey] { [.anchors] }
  private let options: Options

  init(_ options: Options, in context: inout BuildContext) { self.options = options }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    guard let evidence = outcome.evidence[.anchors] else { return Tensor.zeros([1]) }
    let size = evidence.shape[2]
    let anchors = evidence.reshaped([-1, size])  // [M, D]
    let count = anchors.shape[0]
    guard count > 1 else { return anchors.sum() * 0 }
    guard options.margin > 0 else {
      let apart = anchors - anchors.mean(along: 0, keepingDimensions: true)
      return apart.squared().sum() * (-2 / (Float(count - 1) * Float(size)))
    }
    let gaps = anchors.expanded(at: 1) - anchors  // [M, M, D]
    let distances = gaps.squared().mean(along: 2)  // [M, M]
    let missing = (options.margin - distances).relu()
    // min(d, margin) = margin - missing; the M pairs of an anchor with itself have d = 0 and count for nothing.
    return (options.margin - missing).sum() * (-1 / Float(count * (count - 1)))
  }
}
