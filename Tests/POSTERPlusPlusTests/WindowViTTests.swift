import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import POSTERPlusPlus

@Suite("The encoder of POSTER++")
struct WindowViTTests {
  private let published = [
    PyramidLevel(height: 56, width: 56, channels: 64), PyramidLevel(height: 28, width: 28, channels: 128),
    PyramidLevel(height: 14, width: 14, channels: 256),
  ]
  private let publishedLandmarks = [
    PyramidLevel(height: 28, width: 28, channels: 64), PyramidLevel(height: 14, width: 14, channels: 128),
    PyramidLevel(height: 7, width: 7, channels: 512),
  ]
  private let small = [
    PyramidLevel(height: 8, width: 8, channels: 8), PyramidLevel(height: 4, width: 4, channels: 12),
  ]

  /// From the published counts: attention 269,710, convolutions 774,592, norms 896, feed-forward parts 692,160,
  /// landmark convolution 1,179,904, embeddings 6,835,200, transformer 14,175,744 + 1,536 + 1,181,184 +
  /// 114,432.
  @Test("behind IR-50 and MobileFaceNet it has the published parameters")
  func publishedParameters() throws {
    var context = BuildContext.fixture(image: published, landmarks: publishedLandmarks)
    let encoder = try WindowViT(.init(), in: &context)
    #expect(encoder.embeddingSize == 768)
    let expected =
      269_710 + 774_592 + 896 + 692_160 + 1_179_904 + 6_835_200 + 14_175_744 + 1_536 + 1_181_184 + 114_432
    #expect(context.store.trainable.map(\.count).reduce(0, +) == expected)
    for (name, shape) in [
      ("attn1.relative_position_bias_table", [3025, 2]), ("attn3.qkv.weight", [512, 256]),
      ("window2.norm.bias", [128]),
      ("conv3.weight", [256, 3, 3, 256]), ("ffn2.gamma1", [128]), ("ffn1.mlp.fc2.weight", [64, 256]),
      ("last_face_conv.weight", [256, 3, 3, 512]), ("embed_q.1.bias", [768]),
      ("embed_k.0.weight", [768, 3, 3, 128]),
      ("embed_v.proj.weight", [768, 1, 1, 256]), ("VIT.pos_embed", [1, 148, 768]),
      ("VIT.cls_token", [1, 1, 768]),
      ("VIT.blocks.1.attn.qkv.weight", [2304, 768]), ("VIT.se_block.linear2.bias", [768]),
    ] {
      #expect(context.store[name]?.shape == shape, "\(name)")
    }
  }

  @Test(
    "windows that divide the map and other level counts work",
    arguments: [[], [4, 2], [2, 1], [1, 1]] as [[Int]])
  func windows(_ windows: [Int]) throws {
    let landmarks = [
      PyramidLevel(height: 4, width: 4, channels: 8), PyramidLevel(height: 2, width: 2, channels: 20),
    ]
    for landmarks in [landmarks, []] {
      var context = BuildContext.fixture(image: small, landmarks: landmarks)
      let encoder = try tiny(windows: windows, in: &context)
      context.store.fillFromNames()
      #expect((context.store["last_face_conv.weight"] == nil) == landmarks.isEmpty)
      let embedding = encoder.encode(
        image: pyramid("image", small), landmarks: landmarks.isEmpty ? nil : pyramid("points", landmarks),
        .evaluation
      ).embedding
      #expect(embedding.shape == [2, 8])
      #expect(embedding.values.allSatisfy { $0.isFinite })
    }
  }

  @Test("landmarks change the embedding, and gradients of both pyramids match central differences")
  func gradients() throws {
    let levels = [
      PyramidLevel(height: 4, width: 4, channels: 4), PyramidLevel(height: 2, width: 2, channels: 4),
    ]
    let landmarks = [
      PyramidLevel(height: 4, width: 4, channels: 4), PyramidLevel(height: 1, width: 1, channels: 3),
    ]
    var context = BuildContext.fixture(image: levels, landmarks: landmarks)
    let encoder = try tiny(windows: [], in: &context)
    context.store.fillFromNames()
    let (image, points) = (pyramid("image", levels).levels, pyramid("points", landmarks).levels)
    checkGradients(at: image[0], image[1], points[0], points[1]) {
      encoder.encode(
        image: FeaturePyramid(levels: [$0[0], $0[1]]), landmarks: FeaturePyramid(levels: [$0[2], $0[3]]),
        .evaluation
      ).embedding
    }
  }

  /// The class token sees nothing of the image where no block joins the tokens; their mean does.
  @Test("the embedding is read at the class token or as the mean of the tokens")
  func readout() throws {
    for readout in WindowViT.Readout.allCases {
      var context = BuildContext.fixture(image: small, landmarks: [])
      var options = WindowViT.Options()
      (options.size, options.vitHeads, options.depth, options.readout) = (8, 2, 0, readout)
      let encoder = try WindowViT(options, in: &context)
      context.store.fillFromNames()
      #expect((context.store["VIT.cls_token"] == nil) == (readout == .mean))
      #expect(context.store["VIT.pos_embed"]?.shape == [1, readout == .mean ? 8 : 9, 8])
      let embeddings = ["one", "other"].map {
        encoder.encode(image: pyramid($0, small), landmarks: nil, .evaluation).embedding
      }
      #expect((embeddings[0].values == embeddings[1].values) == (readout == .classToken))
      checkGradients(at: pyramid("image", small).levels[1]) {
        encoder.encode(
          image: FeaturePyramid(levels: [pyramid("image", small).levels[0], $0]), landmarks: nil, .evaluation
        ).embedding
      }
    }
  }

  @Test("what cannot fit is said in words and numbers")
  func refusals() throws {
    expect(
      "windows", "window 10 does not divide the 28x28 map of level 1; dividing windows: 1, 2, 4, 7, 14, 28"
    ) {
      $0.windows = [10, 14, 7]
    }
    expect("windows", "needs one number for each of the 3 levels, has 2") { $0.windows = [28, 14] }
    expect(
      "heads", "3 heads do not divide the 64 channels of level 1; dividing numbers: 1, 2, 4, 8, 16, 32, 64"
    ) {
      $0.heads = [3, 4, 8]
    }
    expect(
      "tokens",
      "the 28x28 map of level 1 cannot be halved to a grid of 5x5 tokens; it can to 28, 14, 7, 4, 2, 1"
    ) { $0.tokens = 5 }
    let coarse = [
      PyramidLevel(height: 14, width: 14, channels: 64), PyramidLevel(height: 7, width: 7, channels: 128),
      PyramidLevel(height: 4, width: 4, channels: 512),
    ]
    expect(
      "windows",
      "window 28 is larger than the 14x14 landmark map of level 1; windows that fit: 1, 2, 4, 7, 14",
      landmarks: coarse
    ) { _ in }
    expect(
      "",
      "the backbone delivers 3 levels and the landmark extractor 1; they are fused level by level, so there must "
        + "be as many of both", landmarks: [coarse[0]]
    ) { _ in }
    var options = WindowViT.Options()
    options.vitHeads = 7
    #expect(options.allIssues().map(\.key) == ["vitHeads"])
  }

  private func expect(
    _ key: String, _ message: String, landmarks: [PyramidLevel]? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout WindowViT.Options) -> Void
  ) {
    var context = BuildContext.fixture(image: published, landmarks: landmarks ?? publishedLandmarks)
    var options = WindowViT.Options()
    change(&options)
    #expect(throws: BuildIssue(key, message), sourceLocation: sourceLocation) {
      try WindowViT(options, in: &context)
    }
  }

  private func tiny(windows: [Int], in context: inout BuildContext) throws -> WindowViT {
    var options = WindowViT.Options()
    (options.windows, options.size, options.vitHeads, options.depth, options.mlpRatio) = (windows, 8, 2, 1, 2)
    return try WindowViT(options, in: &context)
  }

  private func pyramid(_ name: String, _ levels: [PyramidLevel]) -> FeaturePyramid {
    FeaturePyramid(
      levels: levels.enumerated().map { i, level in
        let shape = [2, level.height, level.width, level.channels]
        return Tensor(shape, uniform("\(name).\(i)", shape.reduce(1, *)))
      })
  }
}
