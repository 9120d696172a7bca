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
  private let view: View
  private let shape: ResNetShape
  private let stem: Convolution
  private let stemNorm: BatchNorm
  private let stages: [[Unit]]

  init(_ shape: ResNetShape, view limit: Int, in context: BuildContext) throws {
    let scope = context.scope
    self.shape = shape
    view = try View(limit: limit, inputSize: context.inputSize)
    let stageCount = shape.stages.last ?? 0
    // The large stem halves twice before stage 1; stage 1 itself does not halve.
    let before = shape.hasLargeStem ? 2 : 0
    let sides = [view.side] + (try view.halved(before + stageCount - 1))
    levels = shape.stages.map { stage in
      let side = sides[before + stage - 1]
      return PyramidLevel(height: side, width: side, channels: Unit.expansion * shape.widths[stage - 1])
    }
    let width = shape.widths[0]
    stem = shape.hasLargeStem
      ? Convolution(
        from: 3, to: width, kernel: 7, stride: 2, padding: 3, bias: false, initializer: .kaimingNormalFanOut,
        in: scope / "conv1")
      : Convolution(
        from: 3, to: width, kernel: 3, padding: 1, bias: false, initializer: .kaimingNormalFanOut, in: scope / "conv1")
    stemNorm = BatchNorm(width, in: scope / "bn1")
    stages = (0..<stageCount).map { stage in
      let input = stage == 0 ? width : Unit.expansion * shape.widths[stage - 1]
      return (0..<shape.units[stage]).map { unit in
        Unit(
          from: unit == 0 ? input : Unit.expansion * shape.widths[stage], width: shape.widths[stage],
          stride: unit == 0 && stage > 0 ? 2 : 1, in: scope / "layer\(stage + 1)" / unit)
      }
    }
  }

  /// `[N, H, W, 3]` -> one map for each chosen stage
  func callAsFunction(_ images: Tensor, _ pass: ForwardPass) -> [Tensor] {
    var x = stemNorm(stem(view(images), pass), pass).relu()
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
  private let parts: [PlainConvolution]
  private let shortcut: Shortcut

  init(from: Int, width: Int, stride: Int, in scope: ParameterScope) {
    parts = [
      PlainConvolution(1, from: from, to: width, kernel: 3, stride: stride, in: scope),
      PlainConvolution(2, from: width, to: width, kernel: 3, stride: 1, in: scope),
    ]
    shortcut = Shortcut(from: from, to: width, stride: stride, in: scope)
  }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let inner = parts[0](x, pass).relu()
    return (parts[1](inner, pass) + shortcut(x, pass)).relu()
  }
}

/// 1x1 down to a quarter of the channels, 3x3, 1x1 up again.
struct BottleneckUnit: ResNetUnit {
  static var expansion: Int { 4 }
  private let parts: [PlainConvolution]
  private let shortcut: Shortcut

  init(from: Int, width: Int, stride: Int, in scope: ParameterScope) {
    parts = [
      PlainConvolution(1, from: from, to: width, kernel: 1, stride: 1, in: scope),
      PlainConvolution(2, from: width, to: width, kernel: 3, stride: stride, in: scope),
      PlainConvolution(3, from: width, to: 4 * width, kernel: 1, stride: 1, in: scope),
    ]
    shortcut = Shortcut(from: from, to: 4 * width, stride: stride, in: scope)
  }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let reduced = parts[0](x, pass).relu()
    let inner = parts[1](reduced, pass).relu()
    return (parts[2](inner, pass) + shortcut(x, pass)).relu()
  }
}

/// A convolution without bias and its batch norm: `convN`, `bnN`.
private struct PlainConvolution {
  let convolution: Convolution
  let norm: BatchNorm

  init(_ number: Int, from: Int, to: Int, kernel: Int, stride: Int, in scope: ParameterScope) {
    convolution = Convolution(
      from: from, to: to, kernel: kernel, stride: stride, padding: kernel / 2, bias: false,
      initializer: .kaimingNormalFanOut, in: scope / "conv\(number)")
    norm = BatchNorm(to, in: scope / "bn\(number)")
  }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    norm(convolution(x, pass), pass)
  }
}

/// The input itself, or a 1x1 convolution with batch norm where its size changes: `downsample.0`,
/// `downsample.1`.
private struct Shortcut {
  let projection: (convolution: Convolution, norm: BatchNorm)?

  init(from: Int, to: Int, stride: Int, in scope: ParameterScope) {
    let place = scope / "downsample"
    projection = from == to && stride == 1 ? nil : (
      Convolution(
        from: from, to: to, kernel: 1, stride: stride, bias: false, initializer: .kaimingNormalFanOut, in: place / 0),
      BatchNorm(to, in: place / 1)
    )
  }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    projection.map { $0.norm($0.convolution(x, pass), pass) } ?? x
  }
}
