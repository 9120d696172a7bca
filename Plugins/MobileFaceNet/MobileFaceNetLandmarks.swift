import FERCore
import NeuralKit
import TensorKit

/// MobileFaceNet as a landmark extractor: its features know where brows, eyes, nose and mouth are, since it was
/// trained to locate 68 points.
///
///     block(x) = project(PReLU(BN(depthwise(PReLU(BN(expand(x)))))))       depthwise separable, x added inside a stage
///     points   = BN(W · flatten(BN(depthwise over the whole last map)))    global depthwise convolution
///
/// Source: Chen et al. 2018, MobileFaceNets, arXiv:1804.07573; the 68-point network of
/// cunjian/pytorch_face_landmark, which POSTER++ calls `face_landback`. Parameters are named as there.
///
/// ## Shapes
/// images `[N, H, W, 3]`, seen at side S -> `[N, S/4, S/4, 64]`, `[N, S/8, S/8, 128]`, `[N, S/16, S/16, 512]`;
/// points `[N, P, 2]` as (x, y) in 0...1 of the image
final class MobileFaceNetLandmarks: LandmarkExtractor {
  struct Options: ComponentOptions {
    @Option("Points it can locate. 0 leaves that part of the network out.", 0...65536) var points = 68
    @OptionGroup var trunk = MobileFaceNetTrunk.Options()
  }

  /// The points it located, `[N, P, 2]`: (x, y) in 0...1 of the image.
  static let points = EvidenceKey("landmark-points", .rows)

  static func provides(_ options: Options) -> [EvidenceKey] { options.points > 0 ? [points] : [] }

  var levels: [PyramidLevel] { trunk.levels }
  private let trunk: MobileFaceNetTrunk
  private let locator: PointLocator?

  /// - Throws: ``BuildIssue`` where the image is too small to be halved four times.
  init(_ options: Options, in context: inout BuildContext) throws {
    trunk = try MobileFaceNetTrunk(options.trunk, in: context)
    locator =
      options.points == 0
      ? nil : PointLocator(map: trunk.levels[2], points: options.points, in: context.scope / "output_layer")
  }

  func landmarks(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    let levels = trunk(images, pass)
    guard let locator else { return FeaturePyramid(levels: levels) }
    return FeaturePyramid(levels: levels, evidence: [Self.points: locator(levels[2], pass)])
  }
}

/// The landmarks' output layer: a depthwise convolution as large as the map, then a linear layer with batch
/// norm.
private struct PointLocator {
  let points: Int
  let global: ConvolutionBlock
  let linear: Linear
  let norm: BatchNorm

  init(map: PyramidLevel, points: Int, in scope: ParameterScope) {
    self.points = points
    global = ConvolutionBlock(
      from: map.channels, to: map.channels, kernel: map.height, groups: map.channels, hasActivation: false,
      in: scope / "conv_6_dw")
    linear = Linear(from: map.channels, to: 2 * points, bias: false, in: scope / "linear")
    norm = BatchNorm(2 * points, in: scope / "bn")
  }

  /// `[N, h, w, C]` -> `[N, P, 2]`
  func callAsFunction(_ map: Tensor, _ pass: ForwardPass) -> Tensor {
    let pooled = global(map, pass).reshaped([map.shape[0], -1])  // [N, C]
    return norm(linear(pooled, pass), pass).reshaped([map.shape[0], points, 2])
  }
}
