import FERCore
import NeuralKit
import TensorKit

extension EvidenceKey {
  /// How uncertain a face is beside others, s `[N, 1]`, above 0. A batch norm sets the scale: a face like the mean of
  /// those it was trained with has about 1.
  static let uncertainty = EvidenceKey("uncertainty", .sample)
}

/// What a face shows and how uncertain that is, from two branches over the backbone's last map.
///
///     μ = branch(map)                        the embedding
///     s = 1/D · Σ_d exp(branch′(map)[d])     its uncertainty
///     branch = BN(W · dropout(BN₀(map)) + b)         BN₀ without scale and shift; all places and channels in a row
///
/// Both branches have weights and dropout masks of their own. Only ``AddUp`` trains the second one.
///
/// Source: Zhang, Wang and Deng 2021, Relative Uncertainty Learning for Facial Expression Recognition, NeurIPS 2021; the
/// authors' code, which computes s in training alone, tells layers and sizes.
///
/// ## Shapes
/// last image level `[N, h, w, C]` -> μ `[N, D]`, s `[N, 1]`
final class RelativeUncertainty: Encoder {
  struct Options: ComponentOptions {
    @Option("Size of the embedding, D.", 1...65536) var size = 64
    @Option("Chance in training that a value of the map is left out, in each branch by itself.", 0..<1)
    var dropout: Float = 0.4
  }

  let embeddingSize: Int
  private let mean, logVariance: UncertaintyBranch

  /// Names as in the authors' code.
  /// - Throws: ``BuildIssue`` where no backbone comes before it.
  init(_ options: Options, in context: inout BuildContext) throws {
    guard let level = context.imageLevels.last else {
      throw BuildIssue("", "needs the levels of a backbone, and none comes before it")
    }
    embeddingSize = options.size
    let make = { (scope: ParameterScope) in
      UncertaintyBranch(from: level, to: options.size, dropout: options.dropout, in: scope)
    }
    (mean, logVariance) = (make(context.scope / "mu"), make(context.scope / "log_var"))
  }

  static func provides(_ options: Options) -> [EvidenceKey] { [.uncertainty] }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    let map = image.levels[image.levels.count - 1]
    let uncertainty = Self.uncertainty(logVariance: logVariance(map, pass))
    return Encoding(embedding: mean(map, pass), evidence: [.uncertainty: uncertainty])
  }

  /// `[N, D]` -> `[N, 1]`: the mean of the exponentials.
  static func uncertainty(logVariance: Tensor) -> Tensor {
    logVariance.exp().mean(along: 1, keepingDimensions: true)
  }
}

/// Norm, dropout, a linear layer over all values of a map, norm.
///
/// ## Shapes
/// `[N, h, w, C]` -> `[N, D]`; in `weight` `[D, C·h·w]` the places of a channel follow one another, as in PyTorch
struct UncertaintyBranch {
  private let before, after: BatchNorm
  private let dropout: Dropout
  private let linear: Linear

  /// Named by their numbers in the authors' sequence; 2 is what brings the map into a row.
  init(from level: PyramidLevel, to size: Int, dropout rate: Float, in scope: ParameterScope) {
    before = BatchNorm(level.channels, epsilon: 2e-5, affine: false, in: scope / 0)
    dropout = Dropout(rate, in: scope / 1)
    linear = Linear(from: level.height * level.width * level.channels, to: size, in: scope / 3)
    after = BatchNorm(size, epsilon: 2e-5, in: scope / 4)
  }

  func callAsFunction(_ map: Tensor, _ pass: ForwardPass) -> Tensor {
    let kept = dropout(before(map, pass), pass)
    let row = kept.permuted([0, 3, 1, 2]).reshaped([map.shape[0], -1])  // [N, C·h·w]
    return after(linear(row, pass), pass)
  }
}
