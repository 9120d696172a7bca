import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import Baselines

@Suite("The head with hidden layers")
struct MLPHeadTests {
  /// By hand: 2 -> 1 -> 2. h = ReLU(1·2 - 1·0.5 + 0.5) = 2; stored statistics mean 1, variance 4 - 1e-5: (2 -
  /// 1) / 2 = 0.5, times scale 2 plus 1 is 2; logits (3·2, -1·2 + 1).
  @Test("linear, ReLU, batch norm, then the logits")
  func values() throws {
    var options = MLPHead.Options()
    options.hidden = [1]
    var context = BuildContext.fixture(classes: 2, embedding: 2)
    let head = try MLPHead(options, in: &context)
    for (name, value) in [
      ("0.linear.weight", Tensor([1, 2], [1, -1])), ("0.linear.bias", Tensor([1], [0.5])),
      ("0.norm.weight", Tensor([1], [2])), ("0.norm.bias", Tensor([1], [1])),
      ("0.norm.running_mean", Tensor([1], [1])),
      ("0.norm.running_var", Tensor([1], [4 - 1e-5])), ("out.weight", Tensor([2, 1], [3, -1])),
      ("out.bias", Tensor([2], [0, 1])),
    ] {
      try #require(context.store[name]).value = value
    }
    #expect(context.store.all.allSatisfy { $0.isFilled })
    expectClose(
      head.classify(Encoding(embedding: Tensor([1, 2], [2, 0.5])), .evaluation).logits, [[6, -1]])
  }

  @Test("no hidden layers is a linear head")
  func noHiddenLayers() throws {
    var options = MLPHead.Options()
    options.hidden = []
    var context = BuildContext.fixture(classes: 2, embedding: 3)
    _ = try MLPHead(options, in: &context)
    #expect(context.store.all.map(\.name) == ["out.weight", "out.bias"])
  }

  @Test("without an encoder it says what is missing")
  func withoutEmbedding() {
    var context = BuildContext.fixture()
    #expect(throws: BuildIssue("", "needs an embedding, and no encoder comes before it")) {
      try MLPHead(.init(), in: &context)
    }
  }
}
