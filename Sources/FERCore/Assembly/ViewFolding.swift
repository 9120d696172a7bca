import NeuralKit
import TensorKit

/// Lets extractors that know one image a sample see the views of each.
struct ViewFolding {
  /// V, how many images each sample has.
  let count: Int
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

  /// V tensors `[N, ...]` -> `[N·V, ...]`
  private static func woven(_ views: [Tensor]) -> Tensor {
    let shape = Array(views[0].shape.dropFirst())
    return Tensor.concatenated(views.map { $0.reshaped([-1, 1] + shape) }, along: 1).reshaped([-1] + shape)
  }
}
