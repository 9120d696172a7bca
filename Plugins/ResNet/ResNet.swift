import FERCore
import NeuralKit
import TensorKit

/// A residual network: a stem, then stages of units that add what they found to what they were given.
///
/// Source: He et al. 2016, Deep Residual Learning, arXiv:1512.03385, table 1. Parameters are named as in
/// torchvision: `conv1`, `bn1`, `layer1.0.conv1` ...
///
/// ## Shapes
/// images `[N, S, S, 3]` -> one level for each of the chosen stages; stage i has side S/2^(i+1) with the large
/// stem, S/2^(i-1) with the small one
final class ResNet<Unit: ResNetUnit>: Backbone {
  struct Options: ComponentOptions {
    @Option("Units of each stage. The first may have none: the stem stands alone in its place.", 0...1000)
    var units = Unit.publishedUnits
    @Option(Unit.meaningOfWidths, 1...65536) var widths = [64, 128, 256, 512]
    @Option(
      "\"large\": 7x7 with stride 2, then a pooling with stride 2. \"small\", for small images: 3x3 with stride 1."
    )
    var stem = ResNetStem.large
    @Option(
      "The stages, counted from 1, whose maps are delivered. Those after the last are left out.", 1...1000)
    var stages = [2, 3, 4]
    @OptionGroup var scale = InputScale.Options()

    func issues() -> [OptionIssue] {
      var issues: [OptionIssue] = []
      if units.isEmpty { issues.append(OptionIssue("units", "needs at least one stage, has none")) }
      if units.dropFirst().contains(0) {
        issues.append(OptionIssue("units", "only the first stage may have none, is \(units)"))
      }
      if widths.count != units.count {
        issues.append(
          OptionIssue("widths", "needs as many numbers as units (\(units.count)), has \(widths.count)"))
      }
      let isRising = zip(stages, stages.dropFirst()).allSatisfy { $0 < $1 }
      if stages.isEmpty || !isRising || (stages.last ?? 0) > units.count {
        issues.append(
          OptionIssue("stages", "must be rising numbers between 1 and \(units.count), is \(stages)"))
      }
      return issues
    }

    var hasLargeStem: Bool { stem == .large }

    /// What is delivered after that many stages: the stem's channels as long as no unit came.
    func channels(after count: Int) -> Int {
      count == 0 || units[count - 1] == 0 ? widths[0] : Unit.expansion * widths[count - 1]
    }
  }

  let levels: [PyramidLevel]
  private let options: Options
  private let view: InputScale
  private let stem: ConvolutionBlock
  private let stages: [[(residual: ConvolutionChain, projection: ConvolutionBlock?)]]

  /// - Throws: ``BuildIssue`` where the image is too small for that many stages.
  init(_ options: Options, in context: inout BuildContext) throws {
    let scope = context.scope
    self.options = options
    view = try InputScale(options.scale, inputSize: context.inputSize)
    let stageCount = options.stages.last ?? 0
    // The large stem halves twice before stage 1; stage 1 itself does not halve.
    let before = options.hasLargeStem ? 2 : 0
    let sides = [view.side] + (try view.halved(before + stageCount - 1))
    levels = options.stages.map { stage in
      let side = sides[before + stage - 1]
      return PyramidLevel(height: side, width: side, channels: options.channels(after: stage))
    }
    stem = ConvolutionBlock(
      1, from: 3, to: options.widths[0], kernel: options.hasLargeStem ? 7 : 3,
      stride: options.hasLargeStem ? 2 : 1, activation: .relu, in: scope)
    stages = (0..<stageCount).map { stage in
      let (width, output) = (options.widths[stage], Unit.expansion * options.widths[stage])
      return (0..<options.units[stage]).map { unit in
        let place = scope / "layer\(stage + 1)" / unit
        let (from, stride) = unit == 0 ? (options.channels(after: stage), stage > 0 ? 2 : 1) : (output, 1)
        return (
          Unit.residual(from: from, width: width, stride: stride, in: place),
          ConvolutionBlock.projection(from: from, to: output, stride: stride, in: place)
        )
      }
    }
  }

  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    var x = stem(view(images), pass)
    if options.hasLargeStem { x = x.maxPooled(kernel: 3, stride: 2, padding: 1) }
    let maps = stages.map { units in
      for unit in units { x = unit.residual(x, adding: unit.projection?(x, pass) ?? x, pass) }
      return x
    }
    return FeaturePyramid(levels: options.stages.map { maps[$0 - 1] })
  }
}

/// What comes before the first stage.
enum ResNetStem: String, OptionChoice { case large, small }

/// A kind of residual unit.
protocol ResNetUnit {
  /// How many times its stage's width a unit delivers.
  static var expansion: Int { get }
  /// How many units of this kind the published network has in each stage.
  static var publishedUnits: [Int] { get }
  /// What the option `widths` means for it.
  static var meaningOfWidths: String { get }
  /// What a unit adds: `[N, H, W, from]` -> `[N, H / stride, W / stride, expansion * width]`, sides rounded up. The
  /// activation of its last block comes after the sum.
  static func residual(from: Int, width: Int, stride: Int, in scope: ParameterScope) -> ConvolutionChain
}

extension ConvolutionBlock {
  /// A convolution without bias that keeps the map's side (divided by `stride`), and its batch norm: `convN`, `bnN`.
  init(
    _ number: Int, from: Int, to: Int, kernel: Int, stride: Int = 1, activation: Activation,
    in scope: ParameterScope
  ) {
    self.init(
      Convolution(
        from: from, to: to, kernel: kernel, stride: stride, padding: kernel / 2, bias: false,
        initializer: .kaimingNormalFanOut, in: scope / "conv\(number)"),
      BatchNorm(to, in: scope / "bn\(number)"), activation: activation)
  }

  /// A 1x1 convolution with batch norm where a unit changes the size, `downsample.0` and `downsample.1`; nil where
  /// the input itself can be added.
  fileprivate static func projection(from: Int, to: Int, stride: Int, in scope: ParameterScope)
    -> ConvolutionBlock?
  {
    let place = scope / "downsample"
    return from == to && stride == 1
      ? nil
      : ConvolutionBlock(
        Convolution(
          from: from, to: to, kernel: 1, stride: stride, bias: false, initializer: .kaimingNormalFanOut,
          in: place / 0),
        BatchNorm(to, in: place / 1))
  }
}
