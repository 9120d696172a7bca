import FERCore
import NeuralKit
import TensorKit

/// The trunk of ``MobileFaceNetLandmarks`` as a small backbone.
///
/// ## Shapes
/// images `[N, H, W, 3]`, seen at side S -> `[N, S/4, S/4, 64]`, `[N, S/8, S/8, 128]`, `[N, S/16, S/16, 512]`
final class MobileFaceNetBackbone: Backbone {
  typealias Options = MobileFaceNetTrunk.Options

  var levels: [PyramidLevel] { trunk.levels }
  private let trunk: MobileFaceNetTrunk

  /// - Throws: ``BuildIssue`` where the image is too small to be halved four times.
  init(_ options: Options, in context: inout BuildContext) throws {
    trunk = try MobileFaceNetTrunk(options, in: context)
  }

  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: trunk(images, pass))
  }
}
