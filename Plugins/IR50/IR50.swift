import FERCore
import NeuralKit
import TensorKit

/// The first three stages of IR-50, the "improved residual" network of face recognition.
///
///     unit(x) = BN(conv(PReLU(conv(BN(x))))) + shortcut(x)
///
/// The second convolution of a stage's first unit has stride 2. The shortcut is every second pixel where the
/// channels stay the same, otherwise a 1x1 convolution with batch norm. Nothing follows the sum.
///
/// Source: Deng et al. 2019, ArcFace, arXiv:1801.07698, section 3.1 (the unit); face.evoLVe's `model_irse.py`
/// (the stages). Parameters are named as in POSTER++, whose `ir_back` ends after the third stage too.
///
/// ## Shapes
/// images `[N, H, W, 3]`, seen at side S -> `[N, S/2, S/2, 64]`, `[N, S/4, S/4, 128]`, `[N, S/8, S/8, 256]`
final class IR50: Backbone {
  struct Options: ComponentOptions {
    @Option("Residual units of each stage. Every stage halves the image and delivers one level.", 1...1000)
    var units = [3, 4, 14]
    @Option("Channels of the first convolution, then of each stage.", 1...65536) var widths = [
      64, 64, 128, 256,
    ]
    @OptionGroup var scale = InputScale.Options(view: 112)

    func issues() -> [OptionIssue] {
      if units.isEmpty { return [OptionIssue("units", "needs at least one stage, has none")] }
      guard widths.count != units.count + 1 else { return [] }
      return [
        OptionIssue(
          "widths",
          "needs \(units.count + 1) numbers (the first convolution and \(units.count) stages), "
            + "has \(widths.count)")
      ]
    }
  }

  let levels: [PyramidLevel]
  private let view: InputScale
  private let first: ConvolutionBlock
  private let stages: [[ResidualUnit]]

  /// - Throws: ``BuildIssue`` where the image is too small for that many stages.
  init(_ options: Options, in context: inout BuildContext) throws {
    let scope = context.scope
    let widths = options.widths
    view = try InputScale(options.scale, inputSize: context.inputSize)
    levels = zip(try view.halved(options.units.count), widths.dropFirst()).map { side, width in
      PyramidLevel(height: side, width: side, channels: width)
    }
    let stem = scope / "input_layer"
    first = ConvolutionBlock(
      Convolution(from: 3, to: widths[0], kernel: 3, padding: 1, bias: false, in: stem / 0),
      BatchNorm(widths[0], in: stem / 1), activation: .prelu(PReLU(widths[0], in: stem / 2)))
    stages = options.units.indices.map { stage in
      (0..<options.units[stage]).map { unit in
        ResidualUnit(
          from: unit == 0 ? widths[stage] : widths[stage + 1], to: widths[stage + 1],
          stride: unit == 0 ? 2 : 1, in: scope / "body\(stage + 1)" / unit)
      }
    }
  }

  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    var x = first(view(images), pass)  // [N, S, S, widths[0]]
    return FeaturePyramid(
      levels: stages.map { units in
        for unit in units { x = unit(x, pass) }
        return x
      })
  }
}

/// `[N, H, W, from]` -> `[N, H / stride, W / stride, to]`, sides rounded up.
private struct ResidualUnit {
  private let stride: Int
  private let projection: ConvolutionBlock?
  private let residual: ConvolutionChain

  init(from: Int, to: Int, stride: Int, in scope: ParameterScope) {
    self.stride = stride
    let shortcut = scope / "shortcut_layer"
    let place = scope / "res_layer"
    projection =
      from == to
      ? nil
      : ConvolutionBlock(
        Convolution(from: from, to: to, kernel: 1, stride: stride, bias: false, in: shortcut / 0),
        BatchNorm(to, in: shortcut / 1))
    residual = ConvolutionChain(
      ConvolutionBlock(
        normalizedBy: BatchNorm(from, in: place / 0),
        Convolution(from: from, to: to, kernel: 3, padding: 1, bias: false, in: place / 1),
        activation: .prelu(PReLU(to, in: place / 2))),
      ConvolutionBlock(
        Convolution(from: to, to: to, kernel: 3, stride: stride, padding: 1, bias: false, in: place / 3),
        BatchNorm(to, in: place / 4)))
  }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    residual(x, adding: shortcut(x, pass), pass)
  }

  private func shortcut(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    if let projection { return projection(x, pass) }
    return stride == 1 ? x : x.strided(by: stride)
  }
}
