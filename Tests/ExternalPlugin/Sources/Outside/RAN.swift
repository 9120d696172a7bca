import ARBEx

extension EvidenceKey {
  /// RAN's weights of the regions `[N, V]`; rows sum to 1.
  static let regionWeights = EvidenceKey("region-weights", .views)
}

/// Three quarters of the face at three places, and the face as a whole.
///
/// Source: Wang et al. 2020, Region Attention Networks for Pose and Occlusion Robust Facial Expression Recognition (RAN),
/// the first three of its fixed crops.
package final class Regions: Views {
  package typealias Options = NoOptions

  package let plan = ViewPlan(count: 4, wholeFace: 3)

  package init(_ options: NoOptions) {}

  package func boxes(width: Int, height: Int, random: RandomSource) -> [Box] {
    [(0, 0, 0.75, 0.75), (0.25, 0, 1, 0.75), (0.125, 0.25, 0.875, 1), (0, 0, 1, 1)].map {
      Box(left: $0.0, top: $0.1, right: $0.2, bottom: $0.3, ofWidth: width, height: height)
    }
  }
}

/// Brings the regions of a face together, each by how much it tells.
///
///     F_v = mean of the last map of view v
///     a = softmax over v of σ(q · F_v + c)           g = Σ_v a_v F_v
///     b = softmax over v of σ(r · [F_v : g] + d)     e = Σ_v a_v b_v [F_v : g] / Σ_v a_v b_v
///
/// Source: as ``Regions``; the softmaxes are the published code's.
///
/// ## Shapes
/// last map `[N·V, h, w, C]` → embedding `[N, 2C]`, a `[N, V]`
final class RegionAttention: Encoder {
  typealias Options = NoOptions

  static let foldsViews = true
  let embeddingSize: Int
  private let own, relation: Linear
  private let views: Int

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    guard let level = context.imageLevels.last else { throw BuildIssue("", "needs a map of the image") }
    (embeddingSize, views) = (2 * level.channels, context.views.count)
    own = Linear(from: level.channels, to: 1, in: context.scope / "alpha")
    relation = Linear(from: embeddingSize, to: 1, in: context.scope / "beta")
  }

  static func provides(_ options: NoOptions) -> [EvidenceKey] { [.regionWeights] }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    let map = image.levels[image.levels.count - 1]  // [N·V, h, w, C]
    let features = map.globalAveragePooled().reshaped([-1, views, map.shape[3]])  // [N, V, C]
    let a = weights(own(features, pass))  // [N, V, 1]
    let global = (features * a).sum(along: 1, keepingDimensions: true)  // [N, 1, C]
    let all = global.broadcast(to: features.shape)
    let joined = Tensor.concatenated([features, all], along: 2)  // [N, V, 2C]
    let both = weights(relation(joined, pass)) * a  // [N, V, 1]
    let embedding = (joined * both).sum(along: 1) / both.sum(along: 1)  // [N, 2C]
    return Encoding(embedding: embedding, evidence: [.regionWeights: a.reshaped([-1, views])])
  }

  /// `[N, V, 1]` → the same, sums over V are 1.
  private func weights(_ scores: Tensor) -> Tensor {
    scores.sigmoid().reshaped([-1, views]).softmax().reshaped([-1, views, 1])
  }
}

/// Makes the best region weigh more than the whole face.
///
///     L_n = max(0, margin − (largest a of the regions − a of the whole face))
///
/// Source: as ``Regions``.
///
/// ## Shapes
/// a `[N, V]` → `[N]`
final class RegionBiased: Loss {
  struct Options: ComponentOptions {
    @Option("How much more.", 0...1) var margin: Float = 0.1
  }

  static let scope = LossScope.samples
  private let margin: Float
  private let wholeFace: Int

  init(_ options: Options, in context: inout BuildContext) throws {
    guard let whole = context.views.wholeFace, context.views.count > 1 else {
      throw BuildIssue("", "needs views of which one shows the whole face; input.views makes none")
    }
    (margin, wholeFace) = (options.margin, whole)
  }

  static func requires(_ options: Options) -> [EvidenceKey] { [.regionWeights] }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    guard let weights = outcome.evidence[.regionWeights] else { return .zeros([targets.labels.count]) }
    let whole = weights.sliced(along: 1, from: wholeFace, count: 1).reshaped([-1])  // [N]
    return (margin - (weights.largest(besides: wholeFace) - whole)).relu()  // [N]
  }
}

extension Tensor {
  /// The largest number of each row, one column left aside; the first of equals gets the gradient.
  ///
  /// ## Shapes
  /// `[N, V]`, V at least 2 → `[N]`
  func largest(besides column: Int) -> Tensor {
    let (shape, numbers) = (shape, values)
    let columns = (0..<shape[1]).filter { $0 != column }
    let places = (0..<shape[0]).map { row in
      columns.map { row * shape[1] + $0 }.max { numbers[$0] < numbers[$1] } ?? 0
    }
    return Tensor([shape[0]], places.map { numbers[$0] }).recorded(from: [self]) { gradient in
      var spread = [Float](repeating: 0, count: numbers.count)
      for (place, value) in zip(places, gradient.values) { spread[place] = value }
      return [Tensor(shape, spread)]
    }
  }
}
