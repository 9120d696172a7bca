import FERCore
import NeuralKit
import TensorKit

/// Pulls each embedding towards the nearest anchor of its class.
///
///     L = mean over n of min over k of ‖e_n − a[y_n, k]‖² / D        equation 22
///
/// Source: Wasi et al. 2023, ARBEx, arXiv:2305.01486, equation 22, divided by D so that its weight means the
/// same for any size of embedding.
///
/// ## Shapes
/// embedding `[N, D]`, anchors `[C, K, D]`, labels of N samples -> `[1]`
public final class CenterLoss: Loss {
  /// ``CenterLoss`` has no settings.
  public typealias Options = NoOptions

  public static var requires: [EvidenceKey] { [.anchors] }

  /// Takes no parameters and cannot fail to fit.
  public init(_ options: NoOptions, in context: inout BuildContext) throws {}

  /// The mean over the batch, `[1]`.
  public func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    guard let anchors = outcome.evidence(.anchors) else { return Tensor.zeros([1]) }
    let own = anchors.gathered(rows: targets.labels)  // [N, K, D]
    let distances = (outcome.embedding.expanded(at: 1) - own).squared().mean(along: 2)  // [N, K]
    return distances.minimum(along: 1).mean()
  }
}
