import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import RAN

@Suite("Region attention")
struct RegionAttentionTests {
  /// An encoder behind maps of one place each, so that the features are the maps.
  private func encoder(
    views: Int, channels: Int, _ weighting: RegionAttention.Weighting
  ) throws -> (RegionAttention, ParameterStore) {
    var context = BuildContext(
      scope: ParameterScope(), classes: ["a", "b"], inputSize: 32,
      views: ViewPlan(count: views, wholeFace: views - 1))
    context.imageLevels = [PyramidLevel(height: 1, width: 1, channels: channels)]
    let part = try RegionAttention(.with { $0.weighting = weighting }, in: &context)
    return (part, context.scope.store)
  }

  private func encode(_ part: RegionAttention, _ features: Tensor, _ pass: ForwardPass = .evaluation)
    -> Encoding
  {
    let channels = features.shape[features.rank - 1]
    let map = features.reshaped([-1, 1, 1, channels])
    return part.encode(image: FeaturePyramid(levels: [map]), landmarks: nil, pass)
  }

  @Test(
    "both attentions and all gradients agree with the reference",
    arguments: [("soft", .softmax), ("sigmoid", .sigmoid)] as [(String, RegionAttention.Weighting)])
  func block(_ name: String, _ weighting: RegionAttention.Weighting) throws {
    let (part, store) = try encoder(views: 5, channels: 16, weighting)
    let head = Linear(from: 32, to: 4, in: ParameterScope(store: store, path: "fc"))
    store.fillFromNames()
    try GoldenBlock(try Golden("ran_train"), name).check(inputs: ["f"], store) { inputs, pass in
      let found = encode(part, inputs["f"] ?? .zeros([1]), pass)
      return [
        "own": found.evidence[.regionWeights] ?? .zeros([1]),
        "relation": found.evidence[.relationWeights] ?? .zeros([1]),
        // The second half is the global vector.
        "overall": found.embedding.sliced(along: 1, from: 16, count: 16),
        "embedding": found.embedding, "logits": head(found.embedding, pass),
      ]
    }
  }

  /// Scores of self-attention 0, 1, -1, 2, 0.5 and 1.5 for the whole: sigmoids 0.5, 0.73106, 0.26894, 0.88080, 0.62246 and
  /// 0.81757, whose exponentials sum to 11.5755.
  @Test("weights of known scores")
  func weights() throws {
    let scores: [Float] = [0, 1, -1, 2, 0.5, 1.5]
    let expected: [(RegionAttention.Weighting, [Float])] = [
      (.softmax, [0.142427, 0.179448, 0.113043, 0.208435, 0.160981, 0.195665]),
      (.sigmoid, [0.5, 0.731059, 0.268941, 0.880797, 0.622459, 0.817574]),
    ]
    for (weighting, weights) in expected {
      let (part, store) = try encoder(views: 6, channels: 1, weighting)
      store.fill(seed: 1)
      store["alpha.0.weight"]?.value = Tensor([1, 1], [1])
      store["alpha.0.bias"]?.value = Tensor([1], [0])
      let found = encode(part, Tensor([6, 1], scores))
      expectClose(found.evidence[.regionWeights] ?? .zeros([1]), [weights], absolute: 1e-5)
    }
  }

  /// All regions the same: any weights give the region itself, twice; the softmax gives 1/V.
  @Test("equal regions weigh the same, and the embedding is one of them, twice")
  func equalRegions() throws {
    let (part, store) = try encoder(views: 3, channels: 2, .softmax)
    store.fill(seed: 1)
    let found = encode(part, Tensor([6, 2], [1, 2, 1, 2, 1, 2, -3, 4, -3, 4, -3, 4]))
    expectClose(found.embedding, [[1, 2, 1, 2], [-3, 4, -3, 4]])
    let third: Float = 1 / 3
    for key in [EvidenceKey.regionWeights, .relationWeights] {
      expectClose(found.evidence[key] ?? .zeros([1]), [[third, third, third], [third, third, third]])
    }
  }

  @Test("the order of the regions does not matter to the embedding")
  func order() throws {
    let (part, store) = try encoder(views: 3, channels: 4, .sigmoid)
    store.fill(seed: 1)
    let features = Tensor([3, 4], uniform("f", 12))
    let turned = features.gathered(rows: [2, 0, 1])
    expectClose(encode(part, turned).embedding, encode(part, features).embedding, absolute: 1e-6)
  }

  /// σ(-200) is 0 in 32 bits.
  @Test("regions that all weigh nothing leave finite numbers")
  func nothing() throws {
    let (part, store) = try encoder(views: 2, channels: 1, .sigmoid)
    store.fill(seed: 1)
    store["alpha.0.bias"]?.value = Tensor([1], [-200])
    #expect(encode(part, Tensor([2, 1], [1, 2])).embedding.isFinite)
  }

  @Test("a backbone must come before it")
  func noBackbone() {
    var context = BuildContext.fixture()
    #expect(throws: BuildIssue.self) { try RegionAttention(.init(), in: &context) }
  }
}
