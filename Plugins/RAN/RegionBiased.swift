import FERCore
import NeuralKit
import TensorKit

/// Makes the best region weigh more than the face as a whole.
///
///     l[n] = max(0, margin − (max over the parts of a[n] − a[n, whole]))
///
/// Source: Wang et al. 2020, RAN, arXiv:1905.04075, the region biased loss; a are the weights of self-attention,
/// ``RegionAttention``.
///
/// ## Shapes
/// a `[N, V]` -> `[N]`
final class RegionBiased: Loss {
  struct Options: ComponentOptions {
    @Option(
      "How much more. The authors' code has 0.1 for FER+, 0.03 and 0.02 for AffectNet; the paper 0.02, for sigmoids.",
      0...1) var margin: Float = 0.1
  }

  static let scope = LossScope.samples
  private let margin: Float
  private let views, whole: Int

  /// - Throws: ``BuildIssue`` where no view shows the whole face, or none a part.
  init(_ options: Options, in context: inout BuildContext) throws {
    guard let whole = context.views.wholeFace, context.views.count > 1 else {
      throw BuildIssue(
        "",
        "needs views of parts of the face beside one of the whole, as input.views: { use: \"regions\" } makes them"
      )
    }
    (margin, views, self.whole) = (options.margin, context.views.count, whole)
  }

  static func requires(_ options: Options) -> [EvidenceKey] { [.regionWeights] }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    guard let weights = outcome.evidence[.regionWeights] else {
      preconditionFailure("region-biased: the evidence that it requires is missing")
    }
    let columns = { (places: Range<Int>) in
      weights.sliced(along: 1, from: places.lowerBound, count: places.count)
    }
    let parts = [0..<whole, whole + 1..<views].filter { !$0.isEmpty }.map(columns)
    let best = Tensor.concatenated(parts, along: 1).maximum(along: 1)  // [N]
    return (margin - (best - columns(whole..<whole + 1).reshaped([-1]))).relu()
  }
}
