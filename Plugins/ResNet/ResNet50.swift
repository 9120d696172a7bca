import FERCore
import NeuralKit
import TensorKit

/// ResNet-50: four stages of three to six bottleneck units, which deliver four times the channels of their
/// stage.
///
///     unit(x) = ReLU(BN(conv1x1(ReLU(BN(conv3x3(ReLU(BN(conv1x1(x)))))))) + shortcut(x))
///
/// Source: He et al. 2016, arXiv:1512.03385, table 1; as in torchvision, the stride is in the 3x3 convolution.
///
/// ## Shapes
/// images `[N, S, S, 3]` -> one level for each of the chosen stages; stage i has side S/2^(i+1) with the large
/// stem, S/2^(i-1) with the small one
public final class ResNet50: Backbone {
  /// The settings of ``ResNet50``.
  public struct Options: ComponentOptions {
    @Option("Units of each stage. The first may have none: the stem stands alone in its place.", 0...)
    public var units = [3, 4, 6, 3]
    @Option(
      "Inner channels of each stage, a quarter of what it delivers; the stem has as many as the first.", 1...)
    public var widths = [64, 128, 256, 512]
    @Option(
      "\"large\": 7x7 with stride 2, then a pooling with stride 2. \"small\", for small images: 3x3 with stride 1.",
      oneOf: ["large", "small"])
    public var stem = "large"
    @Option("The stages, counted from 1, whose maps are delivered. Those after the last are left out.", 1...)
    public var stages = [2, 3, 4]
    @Option(
      "Largest side, in pixels, at which the image is seen; larger images are seen at every n-th pixel. 0: no limit.",
      0...)
    public var view = 0

    /// The defaults.
    public init() {}

    /// What is wrong between options.
    public func issues() -> [OptionIssue] {
      ResNetShape.issues(units: units, widths: widths, stages: stages)
    }
  }

  public var levels: [PyramidLevel] { trunk.levels }
  private let trunk: ResNetTrunk<BottleneckUnit>

  /// - Throws: ``BuildIssue`` where the image is too small for that many stages.
  public init(_ options: Options, in context: inout BuildContext) throws {
    let shape = ResNetShape(
      units: options.units, widths: options.widths, hasLargeStem: options.stem == "large",
      stages: options.stages)
    trunk = try ResNetTrunk(shape, view: options.view, in: context)
  }

  /// `[N, H, W, 3]` → the levels announced.
  public func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: trunk(images, pass))
  }
}
