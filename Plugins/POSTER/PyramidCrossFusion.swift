import FERCore
import NeuralKit
import TensorKit

/// POSTER's encoder: the tokens of image and landmarks ask each other, at three widths at once.
///
///     X = [mean of x, x₁ ... x_T] + P,   x = W · tokens of the image's map      ``MapReading``
///     Z = [mean of z, z₁ ... z_T],       z = places of the landmarks' map
///     L = [X, Z],   M = conv₂(L),   S = conv₄(L)                                ``TokenConvolution``
///     L, M, S ← pyramid block, `depth` times                                    ``PyramidBlock``
///     e = LN(L)[0];   e · sigmoid(W₂ · ReLU(W₁ · e))                            the image's class token
///
/// Source: Zheng et al. 2023, POSTER, arXiv:2204.04083 (ICCV 2023 workshops); first tokens, widths and gate from its code,
/// zczcwh/POSTER at ba2e3e9. Behind IR-50 and MobileFaceNet at 224x224 it has the published parameters, name for name.
///
/// With the reading `patch` it shows to whoever asks why (``ForwardPass/show(_:_:)``) `attention` `[N, h, w]`: how much the
/// landmarks' tokens attend to each place of the image, in the first block at the widest level.
///
/// ## Shapes
/// the coarsest levels of image `[N, H, W, C]` and landmarks `[N, h, w, K]`, T = h·w -> embedding `[N, D]`
final class PyramidCrossFusion: Encoder {
  /// The models of the paper.
  enum Size: String, OptionChoice {
    case small, base, large

    /// Pyramid blocks.
    var depth: Int {
      switch self {
      case .small: 4
      case .base: 6
      case .large: 8
      }
    }
  }

  struct Options: ComponentOptions {
    @Option("The published model whose number of blocks it has: 4, 6 or 8.") var size = Size.large
    @Option("Blocks, where it shall be another number. 0: as many as the size has.", 0...1000) var depth = 0
    @Option(
      "Features of a token at the widest level, and of the embedding, D. The others have D/2 and D/4.",
      4...65536)
    var width = 512
    @Option("Attention heads, the same number at every width.", 1...65536) var heads = 8
    @Option("Hidden size of the feed-forward parts, as a multiple of their input.", 1...1000) var mlpRatio = 2
    @Option(
      "Whether a block ends with a linear map across all tokens: so in the RAF-DB model, not in those for AffectNet."
    )
    var mixing = true
    @Option(
      "How the image's map becomes tokens: \"flat\" cuts it as it lies, channel by channel, as published weights need "
        + "it; \"patch\" gives each token its place on the face.")
    var reading = MapReading.flat
    @Option(
      "Chance in training that a sample skips a branch of the last block; it grows from 0 at the first block.",
      0..<1)
    var dropPath: Float = 0.1

    /// Pyramid blocks.
    var blocks: Int { depth == 0 ? size.depth : depth }

    func issues() -> [OptionIssue] {
      width % (4 * heads) == 0
        ? []
        : [
          OptionIssue(
            "heads",
            "must divide the smallest width, a quarter of \(width): \(heads) heads take a width that is a multiple of "
              + "\(4 * heads)")
        ]
    }
  }

  let embeddingSize: Int
  /// In their order.
  let blocks: [PyramidBlock]
  private let reading: MapReading
  private let grid: PyramidLevel
  private let imageLayer: Linear
  /// nil where the landmark map has D channels already.
  private let landmarkLayer: Linear?
  private let positions: Parameter
  private let toMiddle, toSmall: TokenConvolution
  private let norm: LayerNorm
  private let gate: SqueezeGate

  /// - Throws: ``BuildIssue`` where there is no landmark extractor, or the image's map does not fit its tokens.
  init(_ options: Options, in context: inout BuildContext) throws {
    guard let map = context.imageLevels.last else {
      throw BuildIssue("", "needs the levels of a backbone, and none comes before it")
    }
    guard let grid = context.landmarkLevels.last else {
      throw BuildIssue(
        "", "its two streams are of image and landmarks, and the model has no landmark extractor")
    }
    let (scope, width) = (context.scope, options.width)
    let (fuse, depth) = (scope / "pyramid_fuse", options.blocks)
    let tokens = 2 * (grid.height * grid.width + 1)
    (embeddingSize, reading, self.grid) = (width, options.reading, grid)
    imageLayer = Linear(
      from: try options.reading.tokenSize(of: map, at: grid), to: width, in: scope / "ir_layer")
    landmarkLayer =
      grid.channels == width ? nil : Linear(from: grid.channels, to: width, in: scope / "landmark_layer")
    positions = fuse.parameter("pos_embed", [1, tokens / 2, width], .zeros)
    toMiddle = TokenConvolution(tokens: tokens, kernel: 2, in: fuse / "downsample_m")
    toSmall = TokenConvolution(tokens: tokens, kernel: 4, in: fuse / "downsample_s")
    blocks = (0..<depth).map { place in
      PyramidBlock(
        CrossFusionBlock.Size(
          width: width, heads: options.heads, mlpRatio: options.mlpRatio,
          dropPath: Self.dropPath(of: place, in: depth, last: options.dropPath), tokens: tokens,
          isMixing: options.mixing), in: fuse / "blocks" / place)
    }
    norm = LayerNorm(width, epsilon: 1e-6, in: fuse / "norm")
    gate = SqueezeGate(size: width, in: scope / "se_block")
  }

  /// Evenly from 0 at the first block to `last` at the last.
  static func dropPath(of place: Int, in depth: Int, last: Float) -> Float {
    depth == 1 ? 0 : last * Float(place) / Float(depth - 1)
  }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    guard let map = image.levels.last, let points = landmarks?.levels.last else {
      preconditionFailure(
        "pyramid-cross-fusion: was built behind backbone and landmark extractor, got no map of one")
    }
    var levels = start(image: imageTokens(of: map, pass), landmarks: landmarkTokens(of: points, pass), pass)
    // Later blocks see tokens that are made of all tokens, as `flat` ones are from the start: those have no place.
    if reading == .patch, let first = blocks.first {
      pass.show("attention", places(of: first.imageAttention(levels, pass)))
    }
    for block in blocks { levels = block(levels, pass) }
    let first = levels.large.sliced(along: 1, from: 0, count: 1).reshaped([-1, embeddingSize])  // [N, D]
    return Encoding(embedding: gate(norm(first, pass), pass))
  }

  /// What belongs to the tokens of one stream, without that of the first, their mean: `[N, 1 + T]` -> `[N, h, w]`
  private func places(of tokens: Tensor) -> Tensor {
    tokens.sliced(along: 1, from: 1, count: grid.height * grid.width).reshaped([-1, grid.height, grid.width])
  }

  /// `[N, H, W, C]` -> `[N, T, D]`
  func imageTokens(of map: Tensor, _ pass: ForwardPass) -> Tensor {
    imageLayer(reading.tokens(of: map, at: grid), pass)
  }

  /// `[N, h, w, K]` -> `[N, T, D]`
  func landmarkTokens(of map: Tensor, _ pass: ForwardPass) -> Tensor {
    let tokens = map.reshaped([map.shape[0], grid.height * grid.width, grid.channels])
    return landmarkLayer?(tokens, pass) ?? tokens
  }

  /// Both streams, each behind its mean, at three widths: `[N, T, D]` twice -> `[N, 2(T + 1), D]`, `D/2`, `D/4`
  func start(image: Tensor, landmarks: Tensor, _ pass: ForwardPass) -> PyramidBlock.Levels {
    func led(_ tokens: Tensor) -> Tensor {
      Tensor.concatenated([tokens.mean(along: 1, keepingDimensions: true), tokens], along: 1)
    }
    let large = Tensor.concatenated([led(image) + pass[positions], led(landmarks)], along: 1)
    return PyramidBlock.Levels(large: large, middle: toMiddle(large, pass), small: toSmall(large, pass))
  }
}
