import NeuralKit

/// ResNet-18: four stages of two units of two 3x3 convolutions.
typealias ResNet18 = ResNet<BasicUnit>

/// A unit of two 3x3 convolutions.
///
///     unit(x) = ReLU(BN(conv3x3(ReLU(BN(conv3x3(x))))) + shortcut(x))
enum BasicUnit: ResNetUnit {
  static let expansion = 1
  static let publishedUnits = [2, 2, 2, 2]
  static let meaningOfWidths = "Channels of each stage; the stem has as many as the first."

  static func residual(from: Int, width: Int, stride: Int, in scope: ParameterScope) -> ConvolutionChain {
    ConvolutionChain(
      ConvolutionBlock(1, from: from, to: width, kernel: 3, stride: stride, activation: .relu, in: scope),
      ConvolutionBlock(2, from: width, to: width, kernel: 3, activation: .relu, in: scope))
  }
}
