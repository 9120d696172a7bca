import FERCore
import NeuralKit
import TensorKit

/// Pulls each embedding towards the nearest anchor of its class.
///
///     l[n] = min over k of ‖e_n − a[y_n, k]‖² / D        equation 22
///
/// Source: Wasi et al. 2023, ARBEx, arXiv:2305.01486, equation 22, divided by D so that its weight means the
/// same for any size of embedding.
///
/// ## Shapes
/// embedding `[N, D]`, anchors `[C, K, D]`, labels of N samples -> `[N]`
final class CenterLoss: Loss {
  typealias Options = NoOptions

  static let scope = LossScope.samples
  static func requires(_ options: NoOptions) -> [EvidenceKey] { [.anchors] }

  init(_ options: NoOptions, in context: inout BuildContext) {}

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    guard let anchors = outcome.evidence[.anchors] else { return .zeros([targets.labels.count]) }
    let own = anchors.gathered(rows: targets.labels)  // [N, K, D]
    let distances = (outcome.embedding.expanded(at: 1) - own).squared().mean(along: 2)  // [N, K]
    return distances.minimum(along: 1)
  }
}
