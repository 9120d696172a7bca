import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import APViT

@Suite("Attentive poolings")
struct PoolingTests {
  /// 0.9 of 160 and on, as published; 90 · 0.7 is 62.99... in double precision, as in Python.
  @Test(
    "how many stay",
    arguments: [
      (196, 0.82, 160), (160, 0.9, 144), (144, 0.9, 129), (129, 0.9, 116), (116, 0.9, 104), (90, 0.7, 62),
      (5, 1, 5), (5, 0, 1), (1, 0.5, 1),
    ])
  func counts(_ total: Int, _ rate: Double, _ kept: Int) {
    #expect(StrongestTokens.count(of: total, rate: rate) == kept)
  }

  @Test("the strongest stay in their old order, of equals the first")
  func places() {
    let scores = Tensor([2, 4], [0.4, 0.2, 0.6, 0.05, 1, 2, 2, 2])
    #expect(StrongestTokens(by: scores, rate: 0.5)?.places == [[0, 2], [1, 2]])
    #expect(StrongestTokens(by: scores, rate: 1)?.places == nil)
  }

  /// The output's gradient and the gradients of tokens and positions are the reference's.
  @Test(
    "patch pooling agrees with the reference, gradients and places included",
    arguments: [("op_patch_pooling", 13), ("op_patch_pooling_ties", 2)])
  func patches(_ name: String, _ kept: Int) throws {
    let golden = try Golden(name)
    let allowed = try Tolerance.read().ops
    let (count, size) = (golden["tokens"].shape[1], golden["tokens"].shape[2])
    let pooling = PatchPooling(
      channels: 1, size: size, patches: count, rate: Double(kept) / Double(count), in: ParameterScope())
    let tape = Tape()
    let (tokens, position) = (tape.watch(golden.plain("tokens")), tape.watch(golden.plain("position")))
    let found = pooling.pooled(tokens, positions: position)
    #expect(found.places.map(asRow) == golden["kept"].values)
    #expect(relativeNorm(PatchPooling.score(of: tokens), golden.plain("score")) <= allowed)
    tape.backward(from: found.tokens, gradient: golden.plain("output.grad"))
    for (name, tensor) in [
      ("output", found.tokens), ("tokens.grad", tape.gradient(of: tokens)),
      ("position.grad", tape.gradient(of: position)),
    ] {
      let error = expectRelativeNorm(try #require(tensor), golden.plain(name), atMost: allowed, name)
      print("golden \(golden.name) \(name): \(error)")
    }
  }

  private func block(_ rate: Double, in scope: ParameterScope) -> TokenPoolingBlock {
    TokenPoolingBlock(size: 24, heads: 4, hidden: 72, rate: rate, initializer: .zeros, in: scope)
  }

  @Test(
    "a block agrees with the reference, gradients of input and of every parameter and places included",
    arguments: [("op_token_pooling", 0.7), ("op_token_pooling_all", 1.0)])
  func tokens(_ name: String, _ rate: Double) throws {
    let golden = try Golden(name)
    let allowed = try Tolerance.read().ops
    let scope = ParameterScope()
    let block = block(rate, in: scope)
    scope.store.fillFromNames { "b." + $0 }
    let tape = Tape()
    let x = tape.watch(golden.plain("x"))
    let found = block(x, .recording(on: tape))
    tape.backward(from: found.tokens, gradient: golden.plain("output.grad"))
    // The class token, place 0, is counted there and not here.
    #expect(found.places.map { asRow($0.map { $0.map { $0 + 1 } }) } == golden.arrays["kept"]?.values)
    var compared = [("output", found.tokens), ("x.grad", try #require(tape.gradient(of: x)))]
    #expect(scope.store.all.count == 11)
    for parameter in scope.store.all {
      let gradient = try #require(tape.gradient(for: ObjectIdentifier(parameter)))
      compared.append(("grad.b.\(parameter.name)", gradient))
    }
    for (name, tensor) in compared {
      let error = expectRelativeNorm(tensor, golden.plain(name), atMost: allowed, name)
      print("golden \(golden.name) \(name): \(error)")
    }
  }

  @Test("the scores are the reference's", arguments: ["op_token_pooling", "op_token_pooling_all"])
  func scores(_ name: String) throws {
    let golden = try Golden(name)
    let scope = ParameterScope()
    let norm = LayerNorm(24, epsilon: 1e-6, in: scope / "norm1")
    let attention = MultiHeadSelfAttention(size: 24, heads: 4, hasInputBias: false, in: scope / "attn")
    scope.store.fillFromNames { "b." + $0 }
    let found = attention.firstTokenLogits(norm(golden.plain("x"), .evaluation))
    expectRelativeNorm(found, golden.plain("score"), atMost: try Tolerance.read().ops, name)
  }

  /// What the class token becomes does not depend on which other tokens stay in the same block.
  @Test(
    "the class token alone is what it is among the others, and so are its gradients", arguments: [0.4, 1])
  func classTokenAlone(_ rate: Double) throws {
    let scope = ParameterScope()
    let block = block(rate, in: scope)
    scope.store.fillFromNames { "b." + $0 }
    let x = Tensor([3, 12, 24], uniform("x", 3 * 12 * 24))
    let results = [false, true].map { alone in
      let tape = Tape()
      let watched = tape.watch(x)
      let found = block(watched, readsClassTokenAlone: alone, .recording(on: tape))
      let summary = found.tokens.sliced(along: 1, from: 0, count: 1)
      tape.backward(from: summary, gradient: Tensor(summary.shape, uniform("g", summary.count)))
      let gradients = scope.store.all.map { tape.gradient(for: ObjectIdentifier($0)) ?? .zeros([1]) }
      return (
        found.places, found.tokens.shape, [summary, tape.gradient(of: watched) ?? .zeros([1])] + gradients
      )
    }
    #expect(results[0].0 == results[1].0 && results[1].1 == [3, 1, 24])
    for (one, other) in zip(results[1].2, results[0].2) {
      #expect(relativeNorm(one, other) <= 1e-5)
    }
  }

  private func asRow(_ places: [[Int]]) -> [Float] { places.flatMap { $0.map(Float.init) } }
}
