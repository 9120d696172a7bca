import FERCore
import NeuralKit
import TensorKit

/// A light network that sees the face as a whole and in its quarters.
///
///     x = stem(image)
///     y = modulator(stage2(x)) + local(x)
///     last = ReLU(BN(conv1x1(stage4(stage3(y)))))
///
/// The stages are ShuffleNetV2's (``ShuffleUnit``), `local` is ``LocalFeatures``, the modulator ``ChannelSpatialModulator``.
/// The stem has 29 channels, not ShuffleNetV2's 24: four times that many are those of stage 2, to which the quarters' features
/// are added.
///
/// Source: Zhao, Liu and Zhou 2021, Robust Lightweight Facial Expression Recognition Network with Label Distribution Training,
/// AAAI 35(4); Ma et al. 2018, ShuffleNet V2, arXiv:1807.11164, table 5. Parameters are named as in the authors' code.
///
/// ## Shapes
/// images `[N, S, S, 3]` -> `y` `[N, S/8, S/8, 116]`, stage 3 `[N, S/16, S/16, 232]`, `last` `[N, S/32, S/32, 1024]`; with
/// the small stem sides are four times as long
final class EfficientFace: Backbone {
  /// What comes before stage 2.
  enum Stem: String, OptionChoice { case large, small }

  struct Options: ComponentOptions {
    @Option("Units of each of the three stages; the first unit of each halves the map.", 1...1000)
    var units = [4, 8, 4]
    @Option("Channels of the stem, of each stage, and of the last map.", 1...65536)
    var widths = [29, 116, 232, 464, 1024]
    @Option(
      "\"large\": 3x3 with stride 2, then a pooling with stride 2. \"small\", for small images: 3x3 with stride 1."
    ) var stem = Stem.large
    @Option(
      "How many times fewer channels the modulator's gates have inside than the map that they look at.",
      1...65536)
    var reduction = 16
    @OptionGroup var scale = InputScale.Options()

    func issues() -> [OptionIssue] {
      var issues: [OptionIssue] = []
      if units.count != 3 {
        issues.append(OptionIssue("units", "needs 3 numbers, one for each stage, has \(units.count)"))
      }
      guard widths.count == 5 else {
        return issues + [
          OptionIssue("widths", "needs 5 numbers (stem, three stages, last map), has \(widths.count)")
        ]
      }
      if widths[1...3].contains(where: { $0 % 2 != 0 }) {
        issues.append(
          OptionIssue("widths", "must be even for the stages, whose units work on halves, is \(widths)"))
      } else if widths[1] % widths[0] != 0 {
        issues.append(
          OptionIssue(
            "widths",
            "the first stage's must be a multiple of the stem's, of whose channels each makes as many local "
              + "ones: \(widths[1]) is none of \(widths[0])"))
      }
      return issues
    }
  }

  let levels: [PyramidLevel]
  private let view: InputScale
  private let hasPooling: Bool
  private let stem, last: ConvolutionBlock
  private let stages: [[ShuffleUnit]]
  private let modulator: ChannelSpatialModulator
  private let local: LocalFeatures

  /// - Throws: ``BuildIssue`` where the image is too small, or the map before stage 2 cannot be cut into quarters that are
  ///   halved.
  init(_ options: Options, in context: inout BuildContext) throws {
    let (scope, widths) = (context.scope, options.widths)
    hasPooling = options.stem == .large
    view = try InputScale(options.scale, inputSize: context.inputSize)
    let halvings = hasPooling ? 2 : 0
    let sides = [view.side] + (try view.halved(halvings + 3))
    guard sides[halvings] % 4 == 0 else {
      throw BuildIssue(
        "",
        "halves the quarters of a map of \(sides[halvings])x\(sides[halvings]), so its side must be a multiple of 4; "
          + "use an input that is seen at a multiple of \(hasPooling ? 16 : 4) pixels")
    }
    levels = [
      (sides[halvings + 1], widths[1]), (sides[halvings + 2], widths[2]), (sides[halvings + 3], widths[4]),
    ]
    .map { PyramidLevel(height: $0.0, width: $0.0, channels: $0.1) }
    stem = ConvolutionBlock(
      Convolution(
        from: 3, to: widths[0], kernel: 3, stride: hasPooling ? 2 : 1, padding: 1, in: scope / "conv1" / 0),
      BatchNorm(widths[0], in: scope / "conv1" / 1), activation: .relu)
    stages = options.units.indices.map { stage in
      (0..<options.units[stage]).map { unit in
        ShuffleUnit(
          from: widths[stage + (unit == 0 ? 0 : 1)], to: widths[stage + 1], halves: unit == 0,
          in: scope / "stage\(stage + 2)" / unit)
      }
    }
    local = LocalFeatures(from: widths[0], to: widths[1], in: scope / "local")
    modulator = ChannelSpatialModulator(
      channels: widths[1], hidden: max(1, widths[1] / options.reduction), in: scope / "modulator")
    last = ConvolutionBlock(
      Convolution(from: widths[3], to: widths[4], kernel: 1, in: scope / "conv5" / 0),
      BatchNorm(widths[4], in: scope / "conv5" / 1), activation: .relu)
  }

  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    let found = trace(of: images, pass)
    return FeaturePyramid(levels: [found.fused, found.stages[1], last(found.stages[2], pass)])
  }

  /// The maps on the way.
  struct Trace {
    let stem, local, fused: Tensor
    /// Those of stages 2, 3 and 4.
    let stages: [Tensor]
  }

  func trace(of images: Tensor, _ pass: ForwardPass) -> Trace {
    var x = stem(view(images), pass)
    if hasPooling { x = x.maxPooled(kernel: 3, stride: 2, padding: 1) }
    let whole = run(0, x, pass)
    let quarters = local(x, pass)
    let fused = modulator(whole, pass) + quarters
    let third = run(1, fused, pass)
    return Trace(stem: x, local: quarters, fused: fused, stages: [whole, third, run(2, third, pass)])
  }

  private func run(_ stage: Int, _ x: Tensor, _ pass: ForwardPass) -> Tensor {
    stages[stage].reduce(x) { $1($0, pass) }
  }
}
