import FERCore
import NeuralKit
import TensorKit

/// The numbers that make one residual network differ from another.
struct ResNetShape {
  let units: [Int]
  let widths: [Int]
  let hasLargeStem: Bool
  let stages: [Int]

  /// What is wrong between the options.
  static func issues(units: [Int], widths: [Int], stages: [Int]) -> [OptionIssue] {
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
}

/// A residual unit of one kind.
protocol ResNetUnit {
  /// How many times its stage's width a unit delivers.
  static var expansion: Int { get }
  init(from: Int, width: Int, stride: Int, in scope: ParameterScope)
  /// `[N, H, W, from]` -> `[N, H / stride, W / stride, expansion * width]`, sides rounded up.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor
}

/// Stem and stages of a residual network: `conv1`, `bn1`, `layer1.0.conv1` ...
struct ResNetTrunk<Unit: ResNetUnit> {
  let levels: [PyramidLevel]
  private let view: InputScale
  private let shape: ResNetShape
  private let stem: ConvolutionBlock
  private let stages: [[Unit]]

  init(_ shape: ResNetShape, view limit: Int, in context: BuildContext) throws {
    let scope = context.scope
    self.shape = shape
    view = try InputScale(limit: limit, inputSize: context.inputSize)
    let stageCount = shape.stages.last ?? 0
    // The large stem halves twice before stage 1; stage 1 itself does not halve.
    let before = shape.hasLargeStem ? 2 : 0
    let sides = [view.side] + (try view.halved(before + stageCount - 1))
    levels = shape.stages.map { stage in
      let side = sides[before + stage - 1]
      return PyramidLevel(height: side, width: side, channels: Self.channels(after: stage, shape))
    }
    let width = shape.widths[0]
    stem =
      shape.hasLargeStem
      ? ConvolutionBlock(1, from: 3, to: width, kernel: 7, stride: 2, activation: .relu, in: scope)
      : ConvolutionBlock(1, from: 3, to: width, kernel: 3, activation: .relu, in: scope)
    stages = (0..<stageCount).map { stage in
      let input = Self.channels(after: stage, shape)
      return (0..<shape.units[stage]).map { unit in
        Unit(
          from: unit == 0 ? input : Unit.expansion * shape.widths[stage], width: shape.widths[stage],
          stride: unit == 0 && stage > 0 ? 2 : 1, in: scope / "layer\(stage + 1)" / unit)
      }
    }
  }

  /// What is delivered after that many stages: the stem's channels as long as no unit came.
  private static func channels(after count: Int, _ shape: ResNetShape) -> Int {
    count == 0 || shape.units[count - 1] == 0 ? shape.widths[0] : Unit.expansion * shape.widths[count - 1]
  }

  /// `[N, H, W, 3]` -> one map for each chosen stage
  func callAsFunction(_ images: Tensor, _ pass: ForwardPass) -> [Tensor] {
    var x = stem(view(images), pass)
    if shape.hasLargeStem { x = x.maxPooled(kernel: 3, stride: 2, padding: 1) }
    let maps = stages.map { units in
      for unit in units { x = unit(x, pass) }
      return x
    }
    return shape.stages.map { maps[$0 - 1] }
  }
}

/// Two 3x3 convolutions.
struct BasicUnit: ResNetUnit {
  static var expansion: Int { 1 }
  private let residual: ConvolutionChain
  private let projection: ConvolutionBlock?

  init(from: Int, width: Int, stride: Int, in scope: ParameterScope) {
    residual = ConvolutionChain(
      ConvolutionBlock(1, from: from, to: width, kernel: 3, stride: stride, activation: .relu, in: scope),
      ConvolutionBlock(2, from: width, to: width, kernel: 3, activation: .relu, in: scope))
    projection = ConvolutionBlock.projection(from: from, to: width, stride: stride, in: scope)
  }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    residual(x, adding: projection?(x, pass) ?? x, pass)
  }
}

/// 1x1 down to a quarter of the channels, 3x3, 1x1 up again.
struct BottleneckUnit: ResNetUnit {
  static var expansion: Int { 4 }
  private let residual: ConvolutionChain
  private let projection: ConvolutionBlock?

  init(from: Int, width: Int, stride: Int, in scope: ParameterScope) {
    residual = ConvolutionChain(
      ConvolutionBlock(1, from: from, to: width, kernel: 1, activation: .relu, in: scope),
      ConvolutionBlock(2, from: width, to: width, kernel: 3, stride: stride, activation: .relu, in: scope),
      ConvolutionBlock(3, from: width, to: 4 * width, kernel: 1, activation: .relu, in: scope))
    projection = ConvolutionBlock.projection(from: from, to: 4 * width, stride: stride, in: scope)
  }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    residual(x, adding: projection?(x, pass) ?? x, pass)
  }
}

extension ConvolutionBlock {
  /// A convolution without bias that keeps the map's side (divided by `stride`), and its batch norm: `convN`, `bnN`.
  fileprivate init(
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
