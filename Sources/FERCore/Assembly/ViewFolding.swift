import NeuralKit
import TensorKit

/// Lets extractors that know one image a sample see the views of each.
struct ViewFolding {
  /// The images of each sample.
  let plan: ViewPlan
  /// V, how many they are.
  var count: Int { plan.count }
  /// Whether batch norms see one view at a time in training, as where a network runs once for each view.
  let isOneByOne: Bool

  /// - Parameter images: `[N·V, H, W, 3]`, view v of sample i in row i·V + v.
  /// - Returns: maps with rows in the same order.
  func pyramid(of images: Tensor, _ pass: ForwardPass, _ extract: (Tensor, ForwardPass) -> FeaturePyramid)
    -> FeaturePyramid
  {
    guard count > 1, isOneByOne, pass.isTraining else {
      var pass = pass
      pass.firstRow *= count
      return extract(images, pass)
    }
    let shape = Array(images.shape.dropFirst())
    let byView = images.reshaped([-1, count] + shape)  // [N, V, H, W, 3]
    let found = (0..<count).map { view in
      var pass = pass
      (pass.firstRow, pass.rowStride) = (pass.firstRow * count + view, count)
      return extract(byView.sliced(along: 1, from: view, count: 1).reshaped([-1] + shape), pass)
    }
    let levels = found[0].levels.indices.map { level in Self.woven(found.map { $0.levels[level] }) }
    var evidence = found[0].evidence
    for key in evidence.keys where key.layout != .shared {
      evidence[key] = Self.woven(found.compactMap { $0.evidence[key] })
    }
    return FeaturePyramid(levels: levels, evidence: evidence)
  }

  /// - Parameter evidence: of backbone or landmarks, with a row for each view.
  /// - Returns: with a row for each sample, as ``EvidenceKey/Layout`` has it.
  func folded(_ evidence: Evidence) -> Evidence {
    guard count > 1 else { return evidence }
    return Evidence(
      uniqueKeysWithValues: evidence.map { key, value in
        let folded = key.folded(plan)
        guard key.layout != .shared else { return (folded, value) }
        let rest = Array(value.shape.dropFirst())
        let byView = value.reshaped([-1, count] + rest)
        switch folded.layout {
        case .views: return (folded, byView.reshaped([-1, count]))
        case .map:
          return (
            folded, byView.sliced(along: 1, from: plan.wholeFace ?? 0, count: 1).reshaped([-1] + rest)
          )
        default: return (folded, byView)
        }
      })
  }

  /// V tensors `[N, ...]` -> `[N·V, ...]`
  private static func woven(_ views: [Tensor]) -> Tensor {
    let shape = Array(views[0].shape.dropFirst())
    return Tensor.concatenated(views.map { $0.reshaped([-1, 1] + shape) }, along: 1).reshaped([-1] + shape)
  }
}
