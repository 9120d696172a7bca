import FERCore
import NeuralKit
import TensorKit

/// The mean over all places of one image level: how a classifier usually reads a network. Landmarks are not looked at.
///
///     e = 1/(h·w) · Σ_(y,x) map[y, x]
///
/// Source: Lin et al. 2013, Network in Network, arXiv:1312.4400, section 3.2; He et al. 2016, ResNet,
/// arXiv:1512.03385.
///
/// ## Shapes
/// image level `[N, h, w, C]` -> embedding `[N, C]`
final class AveragePool: Encoder {
  struct Options: ComponentOptions {
    @Option("The image level that is read, counted from 1. 0: the last, which is the coarsest.", 0...1000)
    var level = 0
  }

  let embeddingSize: Int
  private let level: Int

  /// - Throws: ``BuildIssue`` where the backbone does not deliver that level.
  init(_ options: Options, in context: inout BuildContext) throws {
    let levels = context.imageLevels
    guard !levels.isEmpty else {
      throw BuildIssue("", "needs the levels of a backbone, and none comes before it")
    }
    guard options.level <= levels.count else {
      throw BuildIssue("level", "must be at most \(levels.count), the backbone's levels, is \(options.level)")
    }
    level = (options.level == 0 ? levels.count : options.level) - 1
    embeddingSize = levels[level].channels
  }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    let map = image.levels[level]
    return Encoding(embedding: map.reshaped([map.shape[0], -1, embeddingSize]).mean(along: 1))
  }
}
