import NeuralKit
import TensorKit

/// ShuffleNetV2's unit.
///
///     f(x) = ReLU(BN(conv1x1(BN(depthwise3x3(ReLU(BN(conv1x1(x))))))))
///     y    = shuffle([a : f(b)])                  stride 1: a and b are the two halves of x's channels
///     y    = shuffle([g(x) : f(x)])               stride 2: g(x) = ReLU(BN(conv1x1(BN(depthwise3x3(x)))))
///
/// Source: Ma et al. 2018, ShuffleNet V2, arXiv:1807.11164, figure 3 (c) and (d). Convolutions have no bias.
///
/// ## Shapes
/// `[N, H, W, from]` -> `[N, H, W, to]`, sides halved and rounded up where it halves; else `from` is `to`
struct ShuffleUnit {
  private let shortcut: ConvolutionChain?
  private let residual: ConvolutionChain

  init(from: Int, to: Int, halves: Bool, in scope: ParameterScope) {
    let (half, stride) = (to / 2, halves ? 2 : 1)
    let (first, second) = (scope / "branch1", scope / "branch2")
    shortcut =
      halves
      ? ConvolutionChain(
        .depthwise(from, stride: stride, 0, in: first), .pointwise(from: from, to: half, 2, in: first)) : nil
    residual = ConvolutionChain(
      .pointwise(from: halves ? from : half, to: half, 0, in: second),
      .depthwise(half, stride: stride, 3, in: second), .pointwise(from: half, to: half, 5, in: second))
  }

  /// See the type's shapes.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    if let shortcut { return shortcut(x, pass).interleaved(with: residual(x, pass)) }
    let half = x.shape[3] / 2
    return x.sliced(along: 3, from: 0, count: half)
      .interleaved(with: residual(x.sliced(along: 3, from: half, count: half), pass))
  }
}

extension ConvolutionBlock {
  /// A 3x3 convolution of each channel by itself and its batch norm, the layers `place` and `place + 1`.
  fileprivate static func depthwise(_ channels: Int, stride: Int, _ place: Int, in scope: ParameterScope)
    -> Self
  {
    Self(
      Convolution(
        from: channels, to: channels, kernel: 3, stride: stride, padding: 1, groups: channels,
        in: scope / place),
      BatchNorm(channels, in: scope / (place + 1)))
  }

  /// A 1x1 convolution, its batch norm and ReLU, the layers `place` and `place + 1`.
  fileprivate static func pointwise(from: Int, to: Int, _ place: Int, in scope: ParameterScope) -> Self {
    Self(
      Convolution(from: from, to: to, kernel: 1, in: scope / place), BatchNorm(to, in: scope / (place + 1)),
      activation: .relu)
  }
}
