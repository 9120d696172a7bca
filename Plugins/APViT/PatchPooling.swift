import NeuralKit
import TensorKit

/// Attentive patch pooling: the patches become tokens, and those that stand out most stay.
///
///     t_p = W · f_p + b                 f_p the backbone's features at place p, W a 1x1 convolution
///     s_p = Σ_c |t_p,c|                 how much the patch stands out
///     x_p = t_p + position_p            for the ⌊r · P⌋ patches of the greatest s
///
/// A patch that goes gets no gradient, nor does its position.
///
/// Source: Xue et al. 2022, APViT, arXiv:2212.05463, attentive patch pooling (APP). The score is that of the authors'
/// code (`SUM_ABS_1`), which takes it of the projected tokens; the paper draws it on the features before.
///
/// ## Shapes
/// map `[N, h, w, C]` -> tokens `[N, K, D]`
struct PatchPooling {
  /// What became of a map.
  struct Pooled {
    /// All patches, before their positions were added, `[N, P, D]`.
    let patches: Tensor
    /// Those that stay, with their positions, `[N, K, D]`.
    let tokens: Tensor
    /// The places of those that stay, rising, for each sample; nil where all stay.
    let places: [[Int]]?
  }

  private let rate: Double
  private let projection: Convolution
  private let positions: Parameter

  /// - Parameter patches: P, the places of a map.
  init(channels: Int, size: Int, patches: Int, rate: Double, in scope: ParameterScope) {
    self.rate = rate
    projection = Convolution(from: channels, to: size, kernel: 1, bias: true, in: scope / "projs" / 0)
    positions = scope.parameter("patch_pos_embed", [1, patches, size], .truncatedNormal(deviation: 0.02))
  }

  /// In 32-bit floats in every precision, because it chooses.
  func callAsFunction(_ map: Tensor, _ pass: ForwardPass) -> Pooled {
    let projected = projection(map, pass.inFloat32)
    return pooled(projected.reshaped([map.shape[0], -1, projected.shape[3]]), positions: pass[positions])
  }

  /// - Parameter patches: `[N, P, D]`.
  /// - Parameter positions: `[1, P, D]`.
  func pooled(_ patches: Tensor, positions: Tensor) -> Pooled {
    let placed = patches + positions
    let strongest = StrongestTokens(by: Self.score(of: patches), rate: rate)
    return Pooled(
      patches: patches, tokens: strongest?.kept(of: placed) ?? placed, places: strongest?.places)
  }

  /// `[N, P, D]` -> `[N, P]`, a constant.
  static func score(of patches: Tensor) -> Tensor { patches.detached.abs().sum(along: 2) }
}
