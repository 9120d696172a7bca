import FERCore
import NeuralKit
import TensorKit

/// The trunk of ``MobileFaceNetLandmarks`` as a small backbone.
///
/// ## Shapes
/// images `[N, H, W, 3]`, seen at side S -> `[N, S/4, S/4, 64]`, `[N, S/8, S/8, 128]`, `[N, S/16, S/16, 512]`
public final class MobileFaceNetBackbone: Backbone {
  /// The settings of ``MobileFaceNetBackbone``.
  public struct Options: ComponentOptions {
    @Option("Blocks of the three stages.", 0...)
    public var blocks = [4, 6, 2]
    @Option("Multiplies all channels; they are rounded to multiples of 8.", above: 0)
    public var width: Float = 1
    @Option(
      "Largest side, in pixels, at which the image is seen; larger images are seen at every n-th pixel. 0: no limit.",
      0...)
    public var view = 112

    /// The defaults.
    public init() {}

    /// What is wrong between options.
    public func issues() -> [OptionIssue] { stageIssues(blocks) }
  }

  public var levels: [PyramidLevel] { trunk.levels }
  private let trunk: MobileFaceNetTrunk

  /// - Throws: ``BuildIssue`` where the image is too small to be halved four times.
  public init(_ options: Options, in context: inout BuildContext) throws {
    let size = MobileFaceNetTrunk.Size(blocks: options.blocks, width: options.width, view: options.view)
    trunk = try MobileFaceNetTrunk(size, in: context)
  }

  /// `[N, H, W, 3]` → the levels announced.
  public func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: trunk(images, pass))
  }
}
