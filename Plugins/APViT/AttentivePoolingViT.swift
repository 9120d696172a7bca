import FERCore
import NeuralKit
import TensorKit

/// APViT's encoder: the places of one level of the backbone are the tokens of a vision transformer, which lets go of what
/// says little about the face, first of patches, then of tokens from block to block.
///
///     x = [cls + position_cls, pooled patches]     ``PatchPooling``
///     x = block_i(x)                               ``TokenPoolingBlock``, for each block i with its own rate
///     e = LN(x)[cls]
///
/// Source: Xue et al. 2022, APViT: Vision Transformer with Attentive Pooling for Robust Facial Expression Recognition,
/// arXiv:2212.05463. With the default options behind IR-50 at 112x112 it has the published parameters, name for name; of
/// 14x14 patches 160, then of these 144, 129, 116 and 104 stay. Landmarks are not looked at.
///
/// Evidence: `kept-patches`, the share of all poolings that each patch survived.
///
/// ## Shapes
/// level `[N, h, w, C]` -> embedding `[N, D]`, `kept-patches` `[N, h, w]`
final class AttentivePoolingViT: Encoder {
  struct Options: ComponentOptions {
    @Option("The backbone's level whose places are the patches, counted from 1. 0: the last.", 0...1000)
    var level = 0
    @Option("Size of tokens and embedding, D.", 1...65536) var size = 768
    @Option("Blocks of the transformer.", 1...1000) var depth = 8
    @Option("Attention heads.", 1...65536) var heads = 8
    @Option("Hidden size of the feed-forward parts, as a multiple of D.", 1...1000) var mlpRatio = 3
    // ⌊0.82 · 196⌋ is the published 160.
    @Option(
      "Share of the patches that attentive patch pooling keeps, rounded down to whole patches, at least one. 1: all.",
      0...1)
    var patchRate = 0.82
    @Option(
      "Share of the tokens beside the class token that attentive token pooling keeps in each block, rounded down, at "
        + "least one. Empty: all in every block.", 0...1)
    var tokenRates = [1, 1, 1, 1, 0.9, 0.9, 0.9, 0.9]
    @Option(
      "Deviation of the normal numbers that first fill the blocks' linear layers. The published 0.02 suits trained "
        + "weights; about 1/√size learns faster from nothing.", above: 0)
    var deviation: Float = 0.02

    func issues() -> [OptionIssue] {
      var issues: [OptionIssue] = []
      if size % heads != 0 {
        issues.append(
          OptionIssue("heads", "must divide the embedding's size: \(heads) heads do not divide \(size)"))
      }
      if !tokenRates.isEmpty, tokenRates.count != depth {
        issues.append(
          OptionIssue(
            "tokenRates", "needs one number for each of the \(depth) blocks, or none; has \(tokenRates.count)"
          ))
      }
      return issues
    }
  }

  /// The share of all poolings that a patch survived, 0...1.
  static let keptPatches = EvidenceKey("kept-patches", .map)

  static func provides(_ options: Options) -> [EvidenceKey] { [keptPatches] }

  let embeddingSize: Int
  private let level: Int
  private let pooling: PatchPooling
  private let classToken, classPosition: Parameter
  private let blocks: [TokenPoolingBlock]
  private let norm: LayerNorm

  /// - Throws: ``BuildIssue`` where the backbone has no such level.
  init(_ options: Options, in context: inout BuildContext) throws {
    let (scope, size, levels) = (context.scope, options.size, context.imageLevels)
    guard !levels.isEmpty else {
      throw BuildIssue("", "needs the levels of a backbone, and none comes before it")
    }
    guard options.level <= levels.count else {
      throw BuildIssue("level", "must be at most \(levels.count), the backbone's levels, is \(options.level)")
    }
    embeddingSize = size
    level = (options.level == 0 ? levels.count : options.level) - 1
    pooling = PatchPooling(
      channels: levels[level].channels, size: size, patches: levels[level].height * levels[level].width,
      rate: options.patchRate, in: scope)
    let start = Initializer.truncatedNormal(deviation: 0.02)
    classToken = scope.parameter("cls_token", [1, 1, size], start)
    classPosition = scope.parameter("cls_pos_embed", [1, 1, size], start)
    blocks = (0..<options.depth).map { index in
      TokenPoolingBlock(
        size: size, heads: options.heads, hidden: options.mlpRatio * size,
        rate: options.tokenRates.isEmpty ? 1 : options.tokenRates[index],
        initializer: .truncatedNormal(deviation: options.deviation), in: scope / "blocks" / index)
    }
    norm = LayerNorm(size, epsilon: 1e-6, in: scope / "norm")
  }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    let map = image.levels[level]
    let (count, height, width) = (map.shape[0], map.shape[1], map.shape[2])
    var survival = Survival(samples: count, patches: height * width)
    let tokens = transformed(map, pass) { survival.keep($0.places) }
    let summary = tokens.sliced(along: 1, from: 0, count: 1).reshaped([count, embeddingSize])
    return Encoding(
      embedding: norm(summary, pass), evidence: [Self.keptPatches: survival.map(height: height, width: width)]
    )
  }

  /// What one stage, patch pooling or a block, passed on.
  struct Stage {
    /// `[N, K, D]` after patch pooling, `[N, 1 + K, D]` after a block.
    let tokens: Tensor
    /// Which of the tokens before (the class token not counted) stay, for each sample; nil where all do.
    let places: [[Int]]?
  }

  /// The tokens after the last block, `[N, 1, D]`.
  /// - Parameter readsClassTokenAlone: whether the last block works out only the class token, which alone is read; false
  ///   for `[N, 1 + K, D]`.
  /// - Parameter passed: told of every stage.
  func transformed(
    _ map: Tensor, readsClassTokenAlone: Bool = true, _ pass: ForwardPass, passed: (Stage) -> Void
  ) -> Tensor {
    let patches = pooling(map, pass)
    passed(Stage(tokens: patches.tokens, places: patches.places))
    let first = (pass[classToken] + pass[classPosition]).broadcast(to: [map.shape[0], 1, embeddingSize])
    var tokens = Tensor.concatenated([first, patches.tokens], along: 1)  // [N, 1 + K, D]
    for (index, block) in blocks.enumerated() {
      let isLast = index == blocks.count - 1
      let pooled = block(tokens, readsClassTokenAlone: isLast && readsClassTokenAlone, pass)
      passed(Stage(tokens: pooled.tokens, places: pooled.places))
      tokens = pooled.tokens
    }
    return tokens
  }
}
