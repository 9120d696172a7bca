import NeuralKit
import TensorKit

/// Looks at each quarter of a map by itself: EfficientFace's local-feature extractor.
///
///     quarter q -> ReLU(BN(depthwise3x3(ReLU(BN(depthwise3x3, stride 2(quarter))))))
///
/// Each quarter has weights of its own and is padded with zeros as if it were alone. The first convolution makes to/from
/// channels of each: channel c of its output reads channel c / (to/from) of its input. Quarters count down the left half
/// first: 1 top left, 2 bottom left, 3 top right, 4 bottom right.
///
/// Source: Zhao, Liu and Zhou 2021, EfficientFace, the local-feature extractor. The authors' code is for maps of 56x56; here
/// any side that is a multiple of 4 will do.
///
/// ## Shapes
/// `[N, S, S, from]` -> `[N, S/2, S/2, to]`
struct LocalFeatures {
  private let quarters: [ConvolutionChain]
  private let multiplier: Int

  /// - Precondition: `to` is a multiple of `from`.
  init(from: Int, to: Int, in scope: ParameterScope) {
    multiplier = to / from
    quarters = (1...4).map { quarter in
      // The repeated channels of the input stand where each is read.
      let block = { (place: Int, stride: Int) in
        ConvolutionBlock(
          Convolution(
            from: to, to: to, kernel: 3, stride: stride, padding: 1, groups: to,
            in: scope / "conv\(quarter)_\(place)"),
          BatchNorm(to, in: scope / "bn\(quarter)_\(place)"), activation: .relu)
      }
      return ConvolutionChain(block(1, 2), block(2, 1))
    }
  }

  /// See the type's shapes.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let side = x.shape[1] / 2
    let columns = (0..<2).map { column in
      let half = x.sliced(along: 2, from: column * side, count: side)
      return Tensor.concatenated(
        (0..<2).map { row in
          let quarter = half.sliced(along: 1, from: row * side, count: side)
          return quarters[2 * column + row](repeated(quarter), pass)
        }, along: 1)
    }
    return Tensor.concatenated(columns, along: 2)
  }

  /// Each channel as often as it is read, one after another.
  private func repeated(_ x: Tensor) -> Tensor {
    let shape = x.shape
    return x.expanded(at: 4).broadcast(to: shape + [multiplier])
      .reshaped(shape.dropLast() + [shape[3] * multiplier])
  }
}
