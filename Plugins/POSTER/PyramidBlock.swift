import NeuralKit
import TensorKit

/// A block at each of three widths; what the narrower ones found is then added to the wider ones.
///
///     L, M, S ← block of each
///     M ← M + up(S),   L ← L + up(M)
///
/// Source: Zheng et al. 2023, POSTER, arXiv:2204.04083, feature pyramid structure: large, middle and small; names and
/// order (the M that is added to L has S in it already) from the code.
///
/// ## Shapes
/// `[N, 2T, D]`, `[N, 2T, D/2]`, `[N, 2T, D/4]` -> the same
struct PyramidBlock {
  /// The tokens of both streams at three widths.
  struct Levels {
    var large, middle, small: Tensor
  }

  private let large, middle, small: CrossFusionBlock
  private let toMiddle, toLarge: TokenExpansion

  /// - Parameter size: of the widest.
  init(_ size: CrossFusionBlock.Size, in scope: ParameterScope) {
    large = CrossFusionBlock(size, in: scope / "block_l")
    middle = CrossFusionBlock(size.narrowed(by: 2), in: scope / "block_m")
    small = CrossFusionBlock(size.narrowed(by: 4), in: scope / "block_s")
    toMiddle = TokenExpansion(tokens: size.tokens, in: scope / "upsample_s")
    toLarge = TokenExpansion(tokens: size.tokens, in: scope / "upsample_m")
  }

  /// How much the landmarks' tokens ask for each token of the image at the largest width: `[N, T]`
  func imageAttention(_ levels: Levels, _ pass: ForwardPass) -> Tensor {
    large.imageAttention(levels.large, pass)
  }

  func callAsFunction(_ levels: Levels, _ pass: ForwardPass) -> Levels {
    let s = small(levels.small, pass)
    let m = middle(levels.middle, pass) + toMiddle(s, pass)
    return Levels(large: large(levels.large, pass) + toLarge(m, pass), middle: m, small: s)
  }
}
