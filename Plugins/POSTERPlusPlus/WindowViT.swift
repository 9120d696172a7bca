import FERCore
import NeuralKit
import TensorKit

/// POSTER++'s encoder: at every level the landmarks ask, by window cross attention, what the image shows there;
/// a small transformer then joins the levels into one embedding.
///
///     o_i = cross fusion of level i                   equations 1-5, ``CrossFusion``
///     t_i = tokens of o_i                             ``TokenEmbedding``
///     e   = transformer over [cls, t_1, t_2, ...]     equations 6-8, ``TokenTransformer``
///
/// Source: Mao et al. 2023, POSTER++, arXiv:2301.12149. With the default options behind IR-50 and MobileFaceNet
/// at 224x224 it has the published parameters, name for name; behind other networks all sizes follow from
/// theirs. Without landmarks each level's own normalised map asks in their place, which is the encoder as a
/// baseline.
///
/// To whoever asks why (``ForwardPass/show(_:_:)``) it shows `attention-level-1` ... `[N, H, W]`: how much the landmarks'
/// tokens attend to each place of a level's map.
///
/// ## Shapes
/// image levels `[N, Hi, Wi, Ci]`, landmark levels `[N, hi, wi, Li]` -> embedding `[N, D]`
final class WindowViT: Encoder {
  enum Readout: String, OptionChoice { case classToken = "class-token", mean }

  struct Options: ComponentOptions {
    @Option(
      "Side of the attention windows of each level, whose map is half the image level. Empty: the whole map.",
      1...65536)
    var windows: [Int] = []
    @Option("Attention heads of each level. Empty: one for every 32 channels.", 1...65536) var heads: [Int] =
      []
    @Option("Size of the embedding and of the tokens, D.", 1...65536) var size = 768
    @Option("Side of each level's token grid. 0: that of the coarsest level's map.", 0...4096) var tokens = 0
    @Option("Blocks of the transformer that joins the levels.", 0...1000) var depth = 2
    @Option("Attention heads of that transformer.", 1...65536) var vitHeads = 8
    @Option("Hidden size of the feed-forward parts, as a multiple of their input.", 1...1000) var mlpRatio = 4
    @Option(
      "Deviation of the normal numbers that first fill that transformer's linear layers. The published 0.01 suits "
        + "trained backbones; about 1/√size learns faster from nothing.", above: 0)
    var deviation: Float = 0.01
    @Option(
      "Where the embedding is read after that transformer: at its class token, as published, or as the mean of all "
        + "level tokens, which learns faster from nothing.")
    var readout = Readout.classToken
    @Option("Initial layer scale of attention and feed-forward part of each level.")
    var layerScale: Float = 1e-5
    @Option(
      "Chance in training that a sample skips a level's fusion: 0 at the first level, this much more at each next.",
      0..<1)
    var dropPath: Float = 0.125

    func issues() -> [OptionIssue] {
      size % vitHeads == 0
        ? []
        : [
          OptionIssue("vitHeads", "must divide the embedding's size: \(vitHeads) heads do not divide \(size)")
        ]
    }
  }

  let embeddingSize: Int
  private let fusions: [CrossFusion]
  private let embeddings: [TokenEmbedding]
  private let transformer: TokenTransformer

  /// - Throws: ``BuildIssue`` where the levels cannot be fused with these options.
  init(_ options: Options, in context: inout BuildContext) throws {
    let scope = context.scope
    let plan = try LevelPlan.plans(options, image: context.imageLevels, landmarks: context.landmarkLevels)
    embeddingSize = options.size
    fusions = plan.map { level in
      CrossFusion(
        CrossFusion.Size(
          channels: level.channels, heads: level.heads, window: level.window, mlpRatio: options.mlpRatio,
          layerScale: options.layerScale, dropPath: level.dropPath, landmarkChannels: level.landmarkChannels),
        level: level.number, isLast: level.number == plan.count, in: scope)
    }
    embeddings = plan.map { level in
      TokenEmbedding(
        channels: level.channels, size: options.size, halvings: level.halvings, level: level.number, in: scope
      )
    }
    transformer = TokenTransformer(
      size: options.size, tokens: plan.map(\.tokenCount).reduce(0, +), depth: options.depth,
      heads: options.vitHeads, mlpRatio: options.mlpRatio, deviation: options.deviation,
      readsMean: options.readout == .mean, in: scope / "VIT")
  }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    let tokens = fusions.indices.map { i in
      let fused = fusions[i](image: image.levels[i], landmarks: landmarks?.levels[i], pass)
      return embeddings[i](fused, pass)  // [N, g·g, D]
    }
    return Encoding(embedding: transformer(tokens, pass))
  }
}
