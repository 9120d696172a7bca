import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import APViT

@Suite("The encoder of APViT")
struct AttentivePoolingViTTests {
  private let published = [PyramidLevel(height: 14, width: 14, channels: 256)]
  private let small = [
    PyramidLevel(height: 6, width: 4, channels: 5), PyramidLevel(height: 2, width: 2, channels: 3),
  ]

  /// From facts of the published file: projection 197,376, positions of patches 150,528, class token and its position
  /// 1,536, eight blocks of 5,905,152, last norm 1,536.
  @Test("behind IR-50 at 112x112 it has the published parameters")
  func publishedParameters() throws {
    var context = BuildContext.fixture(inputSize: 112, image: published)
    let encoder = try AttentivePoolingViT(.init(), in: &context)
    #expect(encoder.embeddingSize == 768)
    let count = 197_376 + 150_528 + 1_536 + 8 * 5_905_152 + 1_536
    #expect(context.store.trainable.map(\.count).reduce(0, +) == count)
    #expect(context.store.all.count == 3 + 2 + 88 + 2)
    for (name, shape) in [
      ("projs.0.weight", [768, 1, 1, 256]), ("patch_pos_embed", [1, 196, 768]), ("cls_token", [1, 1, 768]),
      ("cls_pos_embed", [1, 1, 768]), ("blocks.7.attn.qkv.weight", [2304, 768]),
      ("blocks.0.mlp.fc1.weight", [2304, 768]), ("blocks.3.attn.proj.bias", [768]), ("norm.bias", [768]),
    ] {
      #expect(context.store[name]?.shape == shape, "\(name)")
    }
    #expect(context.store["blocks.0.attn.qkv.bias"] == nil)
  }

  /// A small encoder on the level of that number, filled from the names of its parameters.
  private func encoder(
    level: Int = 0, patchRate: Double = 1, tokenRates: [Double] = [], in context: inout BuildContext
  ) throws -> AttentivePoolingViT {
    var options = AttentivePoolingViT.Options()
    (options.size, options.heads, options.mlpRatio, options.depth) = (8, 2, 2, max(2, tokenRates.count))
    (options.level, options.patchRate, options.tokenRates) = (level, patchRate, tokenRates)
    let encoder = try AttentivePoolingViT(options, in: &context)
    context.store.fillFromNames()
    return encoder
  }

  private func pyramid(_ name: String, count: Int = 2) -> FeaturePyramid {
    FeaturePyramid(
      levels: small.enumerated().map { index, level in
        let shape = [count, level.height, level.width, level.channels]
        return Tensor(shape, uniform("\(name) \(index)", shape.reduce(1, *)))
      })
  }

  /// Of 24 patches ⌊24 · 0.8⌋ = 19 stay, of these ⌊19 · 0.5⌋ = 9, then all: of two poolings 9 patches survived both, 10 the
  /// first, 5 none. Of the last level's 4 patches with the same rates 3, 1: 1, 2 and 1 patches. The published rates leave
  /// 160, 144, 129, 116, 104 of 196.
  @Test("the evidence is the share of poolings that a patch survived")
  func evidence() throws {
    #expect(AttentivePoolingViT.provides(.init()) == [EvidenceKey("kept-patches", .map)])
    for (level, shape, expected) in [
      (1, [2, 6, 4], [0: 5, 0.5: 10, 1: 9]), (0, [2, 2, 2], [0: 1, 0.5: 2, 1: 1]),
    ] as [(Int, [Int], [Float: Int])] {
      var context = BuildContext.fixture(image: small)
      let encoder = try encoder(level: level, patchRate: 0.8, tokenRates: [0.5, 1], in: &context)
      let found = encoder.encode(image: pyramid("map"), landmarks: nil, .evaluation)
      let map = try #require(found.evidence[AttentivePoolingViT.keptPatches])
      #expect(map.shape == shape && found.embedding.shape == [2, 8])
      for sample in 0..<2 {
        let row = map.sliced(along: 0, from: sample, count: 1).values
        #expect(Dictionary(grouping: row) { $0 }.mapValues(\.count) == expected)
      }
    }
    var survival = Survival(samples: 1, patches: 196)
    for count in [160, 144, 129, 116, 104] { survival.keep([Array(0..<count)]) }
    #expect(survival.map(height: 14, width: 14).sum().item == Float(160 + 144 + 129 + 116 + 104) / 5)
  }

  /// Patches 0 ... 3; 1, 2, 3 stay, then the second and third of these, that is 2 and 3, then the first of those.
  @Test("places are followed through the poolings")
  func survival() {
    var survival = Survival(samples: 1, patches: 4)
    #expect(survival.map(height: 2, width: 2).values == [1, 1, 1, 1])
    for places in [[[1, 2, 3]], nil, [[1, 2]], [[0]]] as [[[Int]]?] { survival.keep(places) }
    expectClose(survival.map(height: 2, width: 2), Tensor([1, 2, 2], [0, 1 / 3, 1, 2 / 3]))
  }

  @Test("without poolings all patches stay; landmarks change nothing")
  func noPooling() throws {
    var context = BuildContext.fixture(image: small)
    let encoder = try encoder(in: &context)
    let found = encoder.encode(image: pyramid("map"), landmarks: nil, .evaluation)
    #expect(found.evidence[AttentivePoolingViT.keptPatches]?.values == [Float](repeating: 1, count: 8))
    let other = encoder.encode(image: pyramid("map"), landmarks: pyramid("points"), .evaluation)
    #expect(other.embedding.values == found.embedding.values)
  }

  /// The official code lets go of nothing where the batch has as many images as a block has tokens: 1 + 19 here.
  @Test("any number of images is pooled", arguments: [1, 19, 20, 21])
  func batchSizes(_ count: Int) throws {
    var context = BuildContext.fixture(image: small)
    let encoder = try encoder(level: 1, patchRate: 0.8, tokenRates: [0.5, 1], in: &context)
    let found = encoder.encode(image: pyramid("map", count: count), landmarks: nil, .evaluation)
    // (19 + 9) of 2 poolings.
    #expect(found.evidence[AttentivePoolingViT.keptPatches]?.sum().item == Float(14 * count))
  }

  /// One image; patches exchanged at two places of its first level.
  private func exchanging(_ one: Int, _ other: Int, in map: Tensor) -> Tensor {
    let rows = (0..<24).map { $0 == one ? other : $0 == other ? one : $0 }
    return map.reshaped([1, 24, map.shape[3]]).gathered(places: [rows]).reshaped(map.shape)
  }

  @Test("dropped patches may change places, and kept ones together with their positions")
  func permutations() throws {
    var context = BuildContext.fixture(image: small)
    let encoder = try encoder(level: 1, patchRate: 0.5, tokenRates: [0.6, 0.6], in: &context)
    let map = pyramid("map", count: 1).levels[0]
    func embedding(_ map: Tensor) -> Tensor {
      encoder.encode(image: FeaturePyramid(levels: [map, map]), landmarks: nil, .evaluation).embedding
    }
    var kept: [Int] = []
    _ = encoder.transformed(map, .evaluation) { stage in
      if kept.isEmpty { kept = stage.places?[0] ?? [] }
    }
    let dropped = (0..<24).filter { !kept.contains($0) }
    #expect(kept.count == 12 && dropped.count == 12)
    let original = embedding(map)
    #expect(embedding(exchanging(dropped[0], dropped[7], in: map)).values == original.values)
    let moved = exchanging(kept[1], kept[8], in: map)
    #expect(relativeNorm(embedding(moved), original) > 1e-4)
    let positions = try #require(context.store["patch_pos_embed"])
    let rows = (0..<24).map { $0 == kept[1] ? kept[8] : $0 == kept[8] ? kept[1] : $0 }
    positions.value = positions.value.gathered(places: [rows])
    expectRelativeNorm(embedding(moved), original, atMost: 1e-5, "with their positions")
  }

  /// A step of 1e-2 would carry weak patches past the cut; of 1e-3 it does not.
  @Test("gradients of the map match central differences")
  func gradients() throws {
    var context = BuildContext.fixture(image: small)
    let encoder = try encoder(level: 1, patchRate: 0.5, tokenRates: [0.6, 0.6], in: &context)
    let map = pyramid("map", count: 1).levels[0]
    checkGradients(at: map, step: 1e-3, tolerance: 5e-3) {
      encoder.encode(image: FeaturePyramid(levels: [$0, $0]), landmarks: nil, .evaluation).embedding
    }
  }

  @Test("what cannot fit is said in words and numbers")
  func refusals() throws {
    var context = BuildContext.fixture(image: small)
    var options = AttentivePoolingViT.Options()
    options.level = 3
    #expect(throws: BuildIssue("level", "must be at most 2, the backbone's levels, is 3")) {
      try AttentivePoolingViT(options, in: &context)
    }
    var empty = BuildContext.fixture()
    #expect(throws: BuildIssue("", "needs the levels of a backbone, and none comes before it")) {
      try AttentivePoolingViT(.init(), in: &empty)
    }
    options = .init()
    (options.heads, options.depth) = (7, 4)
    #expect(
      options.allIssues() == [
        OptionIssue("heads", "must divide the embedding's size: 7 heads do not divide 768"),
        OptionIssue("tokenRates", "needs one number for each of the 4 blocks, or none; has 8"),
      ])
    (options.patchRate, options.tokenRates) = (1.5, [0.5, -1])
    #expect(options.allIssues().map(\.key) == ["patchRate", "tokenRates"])
  }
}
