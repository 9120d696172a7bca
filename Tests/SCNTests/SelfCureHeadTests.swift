import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import SCN

@Suite("SCN's head")
struct SelfCureHeadTests {
  /// By hand: q = (ln 3, 0) and e = (1, 2) give σ(ln 3) = 3/4; W e + b = (1 + 2 + 1, 2 · 2 − 2) = (4, 2).
  @Test("importance multiplies the scores, their bias too")
  func values() throws {
    var context = BuildContext.fixture(classes: 2, embedding: 2)
    let head = try SelfCureHead(.init(), in: &context)
    func set(_ name: String, _ values: [Float]) throws {
      let parameter = try #require(context.store[name])
      parameter.value = Tensor(parameter.shape, values)
    }
    try set("alpha.0.weight", [1.098_612_3, 0])
    try set("alpha.0.bias", [0])
    try set("fc.weight", [1, 1, 0, 2])
    try set("fc.bias", [1, -2])
    let found = head.classify(Encoding(embedding: Tensor([1, 2], [1, 2])), .evaluation)
    expectClose(try #require(found.evidence[.importance]), [[0.75]])
    expectClose(found.logits, [[3, 1.5]])
  }

  /// `head.*` of `scn_train`, made by PyTorch in double precision: feature [6, 16], 5 classes; the sum over importance, plain
  /// scores and logits, each times a seed of its own, is differentiated. Plain scores are logits over importance.
  @Test("outputs and gradients are the reference's")
  func golden() throws {
    let (golden, allowed) = (try Golden("scn_train"), 2e-5)
    var context = BuildContext.fixture(classes: 5, embedding: 16)
    let head = try SelfCureHead(.init(), in: &context)
    context.store.fillFromNames()
    let tape = Tape()
    let feature = tape.watch(golden.plain("head.e"))
    let found = head.classify(Encoding(embedding: feature), .training(on: tape, seed: 1, step: 0))
    let importance = try #require(found.evidence[.importance])
    let outputs = [
      ("importance", importance), ("scores", found.logits / importance), ("logits", found.logits),
    ]
    for (name, output) in outputs {
      expectRelativeNorm(output, golden.plain("head.output.\(name)"), atMost: allowed, name)
    }
    tape.backward(
      from: outputs.reduce(Tensor.zeros([1])) { sum, output in
        sum + (output.1 * Tensor(output.1.shape, uniform("head.seed.\(output.0)", output.1.count))).sum()
      })
    expectRelativeNorm(
      try #require(tape.gradient(of: feature)), golden.plain("head.e.grad"), atMost: allowed, "feature")
    #expect(context.store.all.map(\.name) == ["alpha.0.weight", "alpha.0.bias", "fc.weight", "fc.bias"])
    for parameter in context.store.all {
      let gradient = try #require(tape.gradient(for: ObjectIdentifier(parameter)))
      let expected = golden.plain("head.grad.\(parameter.name)")
      expectRelativeNorm(gradient, expected, atMost: allowed, parameter.name)
    }
  }

  /// Cross-entropy of the logits z: moving them all by a factor keeps the order, and brings the distribution to an even one.
  @Test("an image that is not trusted has the same likeliest class, and a flatter distribution")
  func trust() throws {
    var context = BuildContext.fixture(classes: 3, embedding: 4)
    let head = try SelfCureHead(.init(), in: &context)
    context.store.fillFromNames()
    let bias = try #require(context.store["alpha.0.bias"])
    let encoding = Encoding(embedding: Tensor([2, 4], uniform("faces", 8)))
    let found = [4, -4].map { (value: Float) in
      bias.value = Tensor([1], [value])
      return head.classify(encoding, .evaluation).logits.softmax(along: -1)
    }
    #expect(found[0].argmax() == found[1].argmax())
    #expect(zip(found[0].maximum(along: 1).values, found[1].maximum(along: 1).values).allSatisfy { $0 > $1 })
  }
}
