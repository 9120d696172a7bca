import FERCore
import NeuralKit
import TensorKit

/// Turns one level's fused map into tokens: convolutions of stride 2 until the map has the token grid's side (a
/// 1x1 convolution where it has that already), then one token for each place.
///
/// Nothing lies between the convolutions, as in the authors' code, so two of them predict as one. Names: `embed_q`, `embed_k`, `embed_v` for
/// the first three levels; the `.proj` of a 1x1 convolution or `.0`, `.1` ... of the others.
///
/// ## Shapes
/// map `[N, H, W, C]` -> `[N, g·g, D]` for a grid of side g
struct TokenEmbedding {
  private let convolutions: [Convolution]
  private let pair: ConvolutionPair?

  init(channels: Int, size: Int, halvings: Int, level: Int, in scope: ParameterScope) {
    let names = ["embed_q", "embed_k", "embed_v"]
    let place = scope / (level <= names.count ? names[level - 1] : "embed_\(level)")
    convolutions =
      halvings == 0
      ? [Convolution(from: channels, to: size, kernel: 1, bias: true, in: place / "proj")]
      : (0..<halvings).map { index in
        Convolution(
          from: index == 0 ? channels : size, to: size, kernel: 3, stride: 2, padding: 1, bias: true,
          in: place / index)
      }
    pair = convolutions.count == 2 ? ConvolutionPair(convolutions[0], convolutions[1]) : nil
  }

  func callAsFunction(_ map: Tensor, _ pass: ForwardPass) -> Tensor {
    let grid = pair?(map, pass) ?? convolutions.reduce(map) { $1($0, pass) }
    return grid.reshaped([grid.shape[0], grid.shape[1] * grid.shape[2], grid.shape[3]])
  }

  /// How often `side` must be halved, rounding up, to become `grid`; nil where no number does it.
  static func halvings(from side: Int, to grid: Int) -> Int? {
    var (now, count) = (side, 0)
    while now > grid {
      now = (now + 1) / 2
      count += 1
    }
    return now == grid ? count : nil
  }
}
