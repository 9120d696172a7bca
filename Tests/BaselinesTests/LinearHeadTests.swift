import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import Baselines

@Suite("The linear head")
struct LinearHeadTests {
  /// By hand: (1·2 + 2·1 + 0.5, 3·2 - 4·1 - 1).
  @Test("weights times embedding, plus bias, with its gradient")
  func values() throws {
    var context = BuildContext.fixture(classes: 2, embedding: 2)
    let head = try LinearHead(.init(), in: &context)
    try #require(context.store["linear.weight"]).value = Tensor([2, 2], [1, 2, 3, -4])
    try #require(context.store["linear.bias"]).value = Tensor([2], [0.5, -1])
    let embedding = Tensor([1, 2], [2, 1])
    expectClose(head.classify(Encoding(embedding: embedding), .evaluation).logits, [[4.5, 1]])
    checkGradients(at: embedding) { head.classify(Encoding(embedding: $0), .evaluation).logits }
  }

  @Test("zeroStart starts weights and bias at 0", arguments: [true, false])
  func zeroStart(_ zeroStart: Bool) throws {
    var options = LinearHead.Options()
    options.zeroStart = zeroStart
    var context = BuildContext.fixture(classes: 2, embedding: 3)
    _ = try LinearHead(options, in: &context)
    context.store.fill(seed: 1)
    #expect(context.store.all.map(\.name) == ["linear.weight", "linear.bias"])
    for parameter in context.store.all { #expect(parameter.value.values.allSatisfy { $0 == 0 } == zeroStart) }
  }
}
