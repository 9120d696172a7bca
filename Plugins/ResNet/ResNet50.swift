import NeuralKit

/// ResNet-50: four stages of three to six bottleneck units, which deliver four times the channels of their stage.
typealias ResNet50 = ResNet<BottleneckUnit>

/// A unit that brings the channels down to a quarter, filters them and brings them up again.
///
///     unit(x) = ReLU(BN(conv1x1(ReLU(BN(conv3x3(ReLU(BN(conv1x1(x)))))))) + shortcut(x))
///
/// As in torchvision, the stride is in the 3x3 convolution.
enum BottleneckUnit: ResNetUnit {
  static let expansion = 4
  static let publishedUnits = [3, 4, 6, 3]
  static let meaningOfWidths =
    "Inner channels of each stage, a quarter of what it delivers; the stem has as many as the first."

  static func residual(from: Int, width: Int, stride: Int, in scope: ParameterScope) -> ConvolutionChain {
    ConvolutionChain(
      ConvolutionBlock(1, from: from, to: width, kernel: 1, activation: .relu, in: scope),
      ConvolutionBlock(2, from: width, to: width, kernel: 3, stride: stride, activation: .relu, in: scope),
      ConvolutionBlock(3, from: width, to: 4 * width, kernel: 1, activation: .relu, in: scope))
  }
}
