import FERTraining
import TensorKit

extension OperationCase {
  /// The operations of IR-50, MobileFaceNet and the encoder at 224x224, largest share of the work first.
  static var all: [OperationCase] {
    [
      convolution(3, from: 64, to: 64, side: 112), convolution(3, from: 64, to: 64, side: 56),
      convolution(3, from: 128, to: 128, side: 28), convolution(3, from: 256, to: 256, side: 14),
      convolution(3, from: 3, to: 64, side: 112), convolution(3, from: 64, to: 64, side: 112, stride: 2),
      convolution(3, from: 128, to: 128, side: 56, stride: 2),
      convolution(3, from: 256, to: 256, side: 28, stride: 2), convolution(1, from: 64, to: 128, side: 28),
      convolution(1, from: 128, to: 256, side: 28, stride: 2),
      convolution(3, from: 256, to: 256, side: 14, dilation: 2), depthwise(128, side: 28),
      depthwise(128, side: 56, stride: 2), linear(64, 128, tokens: 784), linear(768, 2304, tokens: 148),
      linear(3072, 768, tokens: 148), attention(tokens: 784, size: 64, heads: 2, hasBias: true),
      attention(tokens: 148, size: 768, heads: 8, hasBias: false),
      OperationCase(
        name: "attention, one query", sizes: "148x768, 8 heads",
        inputs: { [[$0, 148, 768], [2304, 768], [2304]] },
        apply: { $0[0].selfAttention(asking: 1, weight: $0[1], bias: $0[2], heads: 8) }),
      map("batch norm", [56, 56, 64], [[64], [64]]) {
        $0[0].normalized(by: BatchNormalization(over: $0[0], scale: $0[1], offset: $0[2], epsilon: 1e-5))
      },
      map("batch norm, stored", [56, 56, 64], [[64], [64]]) {
        $0[0].normalized(
          by: BatchNormalization(
            mean: .zeros([64]), variance: .ones([64]), scale: $0[1], offset: $0[2], epsilon: 1e-5))
      },
      map("layer norm", [148, 768], [[768], [768]]) {
        $0[0].layerNormalized(scale: $0[1], offset: $0[2], epsilon: 1e-6)
      },
      map("PReLU", [56, 56, 64], [[64]]) { $0[0].prelu(slope: $0[1]) },
      map("GELU", [148, 3072]) { $0[0].gelu() },
      map("softmax", [8, 148, 148]) { $0[0].softmax() },
      OperationCase(name: "select", sizes: "56x56x64", inputs: { [[$0, 56, 56, 64], [$0, 56, 56, 64]] }) {
        Tensor.select(.ones([56, 1]), $0[0], $0[1])
      },
      map("tanh", [56, 56, 64]) { $0[0].tanh() },
      map("power", [56, 56, 64]) { $0[0].pow(3) },
      map("absolute value", [56, 56, 64]) { $0[0].abs() },
      map("clamp", [56, 56, 64]) { $0[0].clamped(min: -0.5, max: 0.5) },
      map("sort", [8, 196]) { $0[0].sorted() },
      map("gather the top 98", [196, 256]) { $0[0].gathered(places: $0[0].mean(along: 2).topPlaces(98)) },
      map("resize, nearest", [28, 28, 128]) { $0[0].resized(height: 14, width: 14, mode: .nearest) },
      map("resize, bilinear", [28, 28, 128]) { $0[0].resized(height: 14, width: 14, mode: .bilinear) },
      map("resize, bicubic", [28, 28, 128]) { $0[0].resized(height: 14, width: 14, mode: .bicubic) },
      OperationCase(name: "+", sizes: "56x56x64", inputs: { [[$0, 56, 56, 64], [$0, 56, 56, 64]] }) {
        $0[0] + $0[1]
      },
    ]
  }

  private static func convolution(
    _ kernel: Int, from inputs: Int, to outputs: Int, side: Int, stride: Int = 1, dilation: Int = 1
  ) -> OperationCase {
    OperationCase(
      name: "convolution \(kernel)x\(kernel)" + (stride == 1 ? "" : " /\(stride)")
        + (dilation == 1 ? "" : ", dilation \(dilation)"), sizes: "\(side)x\(side)x\(inputs) to \(outputs)",
      inputs: { [[$0, side, side, inputs], [outputs, kernel, kernel, inputs]] },
      apply: {
        $0[0].convolved(weight: $0[1], stride: stride, padding: dilation * (kernel / 2), dilation: dilation)
      })
  }

  private static func depthwise(_ channels: Int, side: Int, stride: Int = 1) -> OperationCase {
    OperationCase(
      name: "depthwise 3x3" + (stride == 1 ? "" : " /\(stride)"), sizes: "\(side)x\(side)x\(channels)",
      inputs: { [[$0, side, side, channels], [channels, 3, 3, 1]] },
      apply: { $0[0].convolved(weight: $0[1], stride: stride, padding: 1, groups: channels) })
  }

  private static func linear(_ inputs: Int, _ outputs: Int, tokens: Int) -> OperationCase {
    OperationCase(
      name: "linear", sizes: "\(tokens)x\(inputs) to \(outputs)",
      inputs: { [[$0, tokens, inputs], [outputs, inputs], [outputs]] },
      apply: { $0[0].linear(weight: $0[1], bias: $0[2]) })
  }

  private static func attention(tokens: Int, size: Int, heads: Int, hasBias: Bool) -> OperationCase {
    OperationCase(
      name: "attention" + (hasBias ? ", bias" : ""), sizes: "\(tokens)x\(size), \(heads) heads",
      inputs: { batch in
        Array(repeating: [batch, tokens, size], count: 3) + (hasBias ? [[heads, tokens, tokens]] : [])
      },
      apply: {
        Tensor.attention(query: $0[0], key: $0[1], value: $0[2], heads: heads, bias: hasBias ? $0[3] : nil)
      })
  }

  /// An operation on a map.
  private static func map(
    _ name: String, _ shape: [Int], _ parameters: [[Int]] = [],
    _ apply: @escaping @Sendable ([Tensor]) -> Tensor
  ) -> OperationCase {
    let sizes = shape.map(String.init).joined(separator: "x")
    return OperationCase(name: name, sizes: sizes, inputs: { [[$0] + shape] + parameters }, apply: apply)
  }
}
