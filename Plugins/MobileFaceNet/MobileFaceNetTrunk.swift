import FERCore
import NeuralKit
import TensorKit

/// What MobileFaceNet's landmark extractor and backbone share: everything up to the last feature map.
///
/// | part | at side S | parameters |
/// |---|---|---|
/// | stem: 3x3 stride 2, then 3x3 depthwise | S/2, 64 channels | `conv1`, `conv2_dw` |
/// | stage 1: down, 4 blocks | S/4, 64 | `conv_23`, `conv_3.model.N` |
/// | stage 2: down, 6 blocks | S/8, 128 | `conv_34`, `conv_4.model.N` |
/// | stage 3: down, 2 blocks, 1x1 | S/16, 512 | `conv_45`, `conv_5.model.N`, `conv_6_sep` |
struct MobileFaceNetTrunk {
  struct Options: ComponentOptions {
    @Option("Blocks of the three stages.", 0...1000) var blocks = [4, 6, 2]
    @Option("Multiplies all channels; they are rounded to multiples of 8.", above: 0, atMost: 100)
    var width: Float = 1
    @OptionGroup var scale = InputScale.Options(view: 112)

    func issues() -> [OptionIssue] {
      guard blocks.count != 3 else { return [] }
      return [OptionIssue("blocks", "needs 3 numbers, one for each stage, has \(blocks.count)")]
    }

    /// `base` channels at width 1.
    func channels(_ base: Int) -> Int { max(8, 8 * Int((Float(base) * width / 8).rounded())) }
  }

  let levels: [PyramidLevel]
  private let view: InputScale
  private let stem: [ConvolutionBlock]
  private let stages: [[SeparableBlock]]
  private let last: ConvolutionBlock

  init(_ options: Options, in context: BuildContext) throws {
    let scope = context.scope
    view = try InputScale(options.scale, inputSize: context.inputSize)
    let sides = try view.halved(4).dropFirst()
    let (narrow, middle, wide, output) = (
      options.channels(64), options.channels(128), options.channels(256), options.channels(512)
    )
    levels = zip(sides, [narrow, middle, output]).map { PyramidLevel(height: $0, width: $0, channels: $1) }
    stem = [
      ConvolutionBlock(from: 3, to: narrow, kernel: 3, stride: 2, padding: 1, in: scope / "conv1"),
      ConvolutionBlock(
        from: narrow, to: narrow, kernel: 3, padding: 1, groups: narrow, in: scope / "conv2_dw"),
    ]
    func stage(
      _ down: String, _ body: String, _ blocks: Int, from: Int, to: Int, expandedDown: Int, expanded: Int
    ) -> [SeparableBlock] {
      [SeparableBlock(from: from, to: to, expanded: expandedDown, stride: 2, in: scope / down)]
        + (0..<blocks).map {
          SeparableBlock(from: to, to: to, expanded: expanded, stride: 1, in: scope / body / "model" / $0)
        }
    }
    stages = [
      stage(
        "conv_23", "conv_3", options.blocks[0], from: narrow, to: narrow, expandedDown: middle,
        expanded: middle),
      stage(
        "conv_34", "conv_4", options.blocks[1], from: narrow, to: middle, expandedDown: wide, expanded: wide),
      stage(
        "conv_45", "conv_5", options.blocks[2], from: middle, to: middle, expandedDown: output, expanded: wide
      ),
    ]
    last = ConvolutionBlock(from: middle, to: output, kernel: 1, in: scope / "conv_6_sep")
  }

  /// `[N, H, W, 3]` -> the three levels
  func callAsFunction(_ images: Tensor, _ pass: ForwardPass) -> [Tensor] {
    var x = view(images)
    for part in stem { x = part(x, pass) }
    var levels = stages.map { blocks in
      for block in blocks { x = block(x, pass) }
      return x
    }
    levels[2] = last(levels[2], pass)
    return levels
  }
}

extension ConvolutionBlock {
  /// Convolution without bias, batch norm, and PReLU unless left out: `conv`, `bn`, `prelu`.
  init(
    from: Int, to: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1,
    hasActivation: Bool = true, in scope: ParameterScope
  ) {
    self.init(
      Convolution(
        from: from, to: to, kernel: kernel, stride: stride, padding: padding, groups: groups, bias: false,
        in: scope / "conv"),
      BatchNorm(to, in: scope / "bn"),
      activation: hasActivation ? .prelu(PReLU(to, in: scope / "prelu")) : .none)
  }
}

/// Expand by 1x1, filter each channel by 3x3, project by 1x1; with stride 1 the input is added.
private struct SeparableBlock {
  let isResidual: Bool
  let layers: ConvolutionChain

  init(from: Int, to: Int, expanded: Int, stride: Int, in scope: ParameterScope) {
    isResidual = stride == 1
    layers = ConvolutionChain(
      ConvolutionBlock(from: from, to: expanded, kernel: 1, in: scope / "conv"),
      ConvolutionBlock(
        from: expanded, to: expanded, kernel: 3, stride: stride, padding: 1, groups: expanded,
        in: scope / "conv_dw"),
      ConvolutionBlock(from: expanded, to: to, kernel: 1, hasActivation: false, in: scope / "project"))
  }

  /// `[N, H, W, from]` -> `[N, H / stride, W / stride, to]`, sides rounded up.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    layers(x, adding: isResidual ? x : nil, pass)
  }
}
