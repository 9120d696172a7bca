import FERCore
import NeuralKit
import TensorKit

extension EvidenceKey {
  /// a, how much each region weighs by itself `[N, V]`.
  static let regionWeights = EvidenceKey("region-weights", .views)
  /// b, how much each weighs beside all of them `[N, V]`.
  static let relationWeights = EvidenceKey("relation-weights", .views)
}

/// Brings the regions of a face together, each by how much it tells: self-attention, then relation-attention.
///
///     F_v = mean over the places of the last map of region v
///     a_v = σ(q₀ · F_v + c₀)                 g = Σ a_v F_v / Σ a_v                    self-attention
///     b_v = σ(q₁ · [F_v : g] + c₁)           e = Σ a_v b_v [F_v : g] / Σ a_v b_v      relation-attention
///
/// With the weighting `softmax`, a and b are each put through a softmax over the regions, as in the authors' code, whose
/// published weights were trained so. The second half of e is g itself, a mean of V equal vectors.
///
/// Source: Wang et al. 2020, RAN, arXiv:1905.04075, the self-attention and the relation-attention module. A sum that is 0 to rounding is raised by 1e-12, so that
/// regions which all weigh nothing make no quotient 0/0; neither paper nor code does that.
///
/// ## Shapes
/// last image level `[N·V, h, w, C]` -> embedding `[N, 2C]`; evidence a, b `[N, V]`
final class RegionAttention: Encoder {
  /// What becomes of the sigmoids.
  enum Weighting: String, OptionChoice { case softmax, sigmoid }

  struct Options: ComponentOptions {
    @Option(
      "\"softmax\": the sigmoids go through a softmax over the regions, as in the authors' code and its published weights; "
        + "\"sigmoid\": they are the weights, as in the paper.") var weighting = Weighting.softmax
  }

  static let foldsViews = true
  let embeddingSize: Int
  private let own, relation: Linear
  private let views, channels: Int
  private let weighting: Weighting

  /// - Throws: ``BuildIssue`` where no backbone comes before it.
  init(_ options: Options, in context: inout BuildContext) throws {
    guard let level = context.imageLevels.last else {
      throw BuildIssue("", "needs the levels of a backbone, and none comes before it")
    }
    (views, channels, weighting) = (context.views.count, level.channels, options.weighting)
    embeddingSize = 2 * channels
    own = Linear(from: channels, to: 1, in: context.scope / "alpha" / 0)
    relation = Linear(from: 2 * channels, to: 1, in: context.scope / "beta" / 0)
  }

  static func provides(_ options: Options) -> [EvidenceKey] { [.regionWeights, .relationWeights] }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    let map = image.levels[image.levels.count - 1]
    let features = map.globalAveragePooled().reshaped([-1, views, channels])  // [N, V, C]
    let a = weights(own(features, pass))  // [N, V, 1]
    let overall = mean(of: features, a)  // [N, 1, C]
    let joined = Tensor.concatenated([features, overall.broadcast(to: features.shape)], along: 2)
    let b = weights(relation(joined, pass))  // [N, V, 1]
    let embedding = Tensor.concatenated([mean(of: features, a * b), overall], along: 2)  // [N, 1, 2C]
    return Encoding(
      embedding: embedding.reshaped([-1, embeddingSize]),
      evidence: [
        .regionWeights: a.reshaped([-1, views]), .relationWeights: b.reshaped([-1, views]),
      ])
  }

  /// `[N, V, 1]` -> the same
  private func weights(_ scores: Tensor) -> Tensor {
    let shares = scores.sigmoid()
    return weighting == .sigmoid
      ? shares : shares.reshaped([-1, views]).softmax(along: -1).reshaped([-1, views, 1])
  }

  /// `[N, V, C]` weighed by `[N, V, 1]` -> `[N, 1, C]`
  private func mean(of features: Tensor, _ weights: Tensor) -> Tensor {
    (features * weights).sum(along: 1, keepingDimensions: true)
      / (weights.sum(along: 1, keepingDimensions: true) + 1e-12)
  }
}
