import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import RUL

@Suite("RUL's encoder")
struct RelativeUncertaintyTests {
  private let level = PyramidLevel(height: 3, width: 3, channels: 6)

  /// By hand: (0, 0), (1, −1), (½, ½) give 1, (e + 1/e) / 2 and √e.
  @Test("uncertainty is the mean of the exponentials, with its gradient")
  func uncertainty() {
    let logVariance = Tensor([3, 2], [0, 0, 1, -1, 0.5, 0.5])
    expectClose(
      RelativeUncertainty.uncertainty(logVariance: logVariance), [[1], [1.543_080_6], [1.648_721_3]])
    checkGradients(at: logVariance) { RelativeUncertainty.uncertainty(logVariance: $0) }
  }

  /// `branch.*` of `rul_train`, made by PyTorch in double precision: a map [4, 6, 3, 3] to 5, training mode without dropout.
  @Test("a branch's outputs and gradients are the reference's")
  func golden() throws {
    let (golden, allowed) = (try Golden("rul_train"), 2e-5)
    let scope = ParameterScope()
    let branch = UncertaintyBranch(from: level, to: 5, dropout: 0, in: scope / "mu")
    scope.store.fillFromNames()
    let tape = Tape()
    let map = tape.watch(golden.channelsLast("branch.x"))
    let found = branch(map, .training(on: tape, seed: 1, step: 0))
    expectRelativeNorm(found, golden.plain("branch.output.y"), atMost: allowed, "y")
    tape.backward(from: (found * Tensor(found.shape, uniform("branch.seed.y", found.count))).sum())
    let gradient = try #require(tape.gradient(of: map))
    expectRelativeNorm(gradient, golden.channelsLast("branch.x.grad"), atMost: allowed, "x")
    #expect(scope.store.trainable.map(\.name) == ["mu.3.weight", "mu.3.bias", "mu.4.weight", "mu.4.bias"])
    for parameter in scope.store.trainable {
      let gradient = try #require(tape.gradient(for: ObjectIdentifier(parameter)))
      let expected = golden.plain("branch.grad.\(parameter.name)")
      // The norm behind the linear layer takes its bias away again: rounding is all that is left.
      if parameter.name == "mu.3.bias" {
        expectClose(gradient, .zeros(gradient.shape), absolute: 1e-5)
      } else {
        expectRelativeNorm(gradient, expected, atMost: allowed, parameter.name)
      }
    }
  }

  /// By hand: mean 1 and variance 3e-5 make of x = 1.01 the value 0.01 / √(3e-5 + 2e-5) = √2; the second norm leaves it, with
  /// mean 0 and variance 1 − 2e-5.
  @Test("the norms add 2e-5, and the first has neither scale nor shift")
  func epsilon() throws {
    let scope = ParameterScope()
    let branch = UncertaintyBranch(
      from: PyramidLevel(height: 1, width: 1, channels: 1), to: 1, dropout: 0.4, in: scope)
    func set(_ name: String, _ value: Float) throws {
      let parameter = try #require(scope.store[name])
      parameter.value = .full(parameter.shape, value)
    }
    #expect(scope.store["0.weight"] == nil && scope.store["0.bias"] == nil)
    for (name, value) in [
      ("0.running_mean", 1), ("0.running_var", 3e-5), ("3.weight", 1), ("3.bias", 0), ("4.weight", 1),
      ("4.bias", 0), ("4.running_mean", 0), ("4.running_var", 1 - 2e-5),
    ] as [(String, Float)] { try set(name, value) }
    let found = branch(Tensor([1, 1, 1, 1], [1.01]), .evaluation)
    expectClose(found, [[1.414_213_6]], absolute: 1e-4)
  }

  /// Two branches with the same weights and statistics: what they say differs by their masks alone.
  @Test("both branches drop values of their own, in training only")
  func dropout() throws {
    let (encoder, store) = try encoder(dropout: 0.4)
    for own in store.all where own.name.hasPrefix("mu.") {
      try #require(store["log_var." + own.name.dropFirst("mu.".count)]).value = own.value
    }
    let map = FeaturePyramid(levels: [Tensor([4, 3, 3, 6], uniform("map", 216))])
    func gap(_ pass: ForwardPass) throws -> Double {
      let found = encoder.encode(image: map, landmarks: nil, pass)
      return relativeNorm(
        RelativeUncertainty.uncertainty(logVariance: found.embedding),
        try #require(found.evidence[.uncertainty]))
    }
    #expect(try gap(.evaluation) == 0)
    #expect(try gap(.training(on: Tape(), seed: 1, step: 0)) > 1e-2)
  }

  @Test("size and dropout are options; without a backbone it is refused")
  func options() throws {
    let (encoder, store) = try encoder(size: 7)
    #expect(encoder.embeddingSize == 7)
    #expect(store["log_var.3.weight"]?.shape == [7, 54])
    var options = RelativeUncertainty.Options()
    #expect(options.size == 64 && options.dropout == 0.4)
    (options.size, options.dropout) = (0, 1)
    #expect(options.allIssues().map(\.key).sorted() == ["dropout", "size"])
    var alone = BuildContext.fixture()
    #expect(throws: BuildIssue("", "needs the levels of a backbone, and none comes before it")) {
      try RelativeUncertainty(.init(), in: &alone)
    }
  }

  private func encoder(size: Int = 5, dropout: Float = 0) throws -> (RelativeUncertainty, ParameterStore) {
    var context = BuildContext.fixture(image: [level])
    let encoder = try RelativeUncertainty(.with { ($0.size, $0.dropout) = (size, dropout) }, in: &context)
    context.store.fillFromNames()
    return (encoder, context.store)
  }
}
