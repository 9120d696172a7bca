import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import Baselines

@Suite("The mean of a level as embedding")
struct AveragePoolTests {
  private let levels = [
    PyramidLevel(height: 2, width: 2, channels: 2), PyramidLevel(height: 1, width: 2, channels: 3),
  ]
  private let maps = [
    Tensor([1, 2, 2, 2], [1, 10, 2, 20, 3, 30, 6, 40]), Tensor([1, 1, 2, 3], [1, 2, 3, 5, 0, -1]),
  ]

  /// By hand: (1 + 2 + 3 + 6) / 4 = 3 and (10 + 20 + 30 + 40) / 4 = 25; (1 + 5) / 2, (2 + 0) / 2, (3 - 1) / 2.
  @Test(
    "the chosen level is averaged over its places",
    arguments: [(0, [3, 1, 1]), (1, [3, 25]), (2, [3, 1, 1])])
  func values(_ level: Int, _ expected: [Float]) throws {
    var context = BuildContext.fixture(image: levels)
    let encoder = try encoder(level: level, in: &context)
    #expect(encoder.embeddingSize == expected.count)
    #expect(context.store.all.isEmpty)
    let found = encoder.encode(image: FeaturePyramid(levels: maps), landmarks: nil, .evaluation)
    expectClose(found.embedding, Tensor([1, expected.count], expected))
  }

  @Test(
    "gradients match central differences, also of a map of one place",
    arguments: [[3, 2, 4, 2], [2, 1, 1, 3]])
  func gradients(_ shape: [Int]) throws {
    var context = BuildContext.fixture(
      image: [PyramidLevel(height: shape[1], width: shape[2], channels: shape[3])])
    let encoder = try encoder(level: 0, in: &context)
    checkGradients(at: Tensor(shape, uniform("map", shape.reduce(1, *)))) {
      encoder.encode(image: FeaturePyramid(levels: [$0]), landmarks: nil, .evaluation).embedding
    }
  }

  @Test("a level that nobody delivers is refused in numbers")
  func refusals() {
    var context = BuildContext.fixture(image: levels)
    #expect(throws: BuildIssue("level", "must be at most 2, the backbone's levels, is 3")) {
      try encoder(level: 3, in: &context)
    }
    var alone = BuildContext.fixture()
    #expect(throws: BuildIssue("", "needs the levels of a backbone, and none comes before it")) {
      try encoder(level: 0, in: &alone)
    }
  }

  private func encoder(level: Int, in context: inout BuildContext) throws -> AveragePool {
    var options = AveragePool.Options()
    options.level = level
    return try AveragePool(options, in: &context)
  }
}
