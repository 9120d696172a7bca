import ARBEx
import FERCore
import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import RUL

@Suite("The add-up loss")
struct AddUpTests {
  private let partners = [2, 0, 1]

  /// By hand: s = 1, 1.5430806, 1.6487213 with partners 2, 0, 1 give s / (s + s of the partner); rows (1, 0), (0, 2),
  /// (3, −1) are mixed accordingly: 0.3775407 · 1 + 0.6224593 · 3 = 2.2449187 and so on.
  @Test("the more uncertain of two has the larger share")
  func mixing() {
    let uncertainty = Tensor([3, 1], [1, 1.543_080_6, 1.648_721_3])
    let share = AddUp.share(uncertainty, partners: partners)
    expectClose(share, [[0.377_540_7], [0.606_776_1], [0.516_548_8]])
    let mixed = AddUp.mixed(Tensor([3, 2], [1, 0, 0, 2, 3, -1]), by: share, partners: partners)
    expectClose(
      mixed, [[2.244_918_7, -0.622_459_3], [0.393_223_9, 1.213_552_3], [1.549_646_2, 0.450_353_8]])
    expectClose(AddUp.share(.full([3, 1], 0.3), partners: partners), [[0.5], [0.5], [0.5]])
    expectClose(AddUp.share(.zeros([3, 1]), partners: partners), [[0.5], [0.5], [0.5]])
  }

  /// By hand: each mixed with itself, logits (0, ln 3): −ln(1/4) for class 0, −ln(3/4) for class 1; their mean. In a
  /// pair of equally uncertain faces both are mixed to the same, and each is asked for half of both classes: that mean again.
  @Test("a face mixed with itself costs its cross-entropy; labels count half whatever the shares")
  func halves() {
    let three = Float(log(3.0))
    let logits = Tensor([2, 2], [0, three, 0, three])
    let truth = Targets(labels: [0, 1]).distribution(classCount: 2, smoothing: 0)
    let mean = Float((log(4.0) + log(4.0 / 3)) / 2)
    for (partners, uncertainty) in [([0, 1], [1, 5]), ([1, 0], [2, 2]), ([1, 0], [1, 9])]
      as [([Int], [Float])]
    {
      expectClose(
        AddUp.loss(of: logits, truth, Tensor([2, 1], uncertainty), partners: partners), [mean])
    }
  }

  @Test("gradients match central differences, also of the uncertainties")
  func gradients() {
    let truth = Targets(labels: [0, 2, 1]).distribution(classCount: 3, smoothing: 0)
    let logits = Tensor([3, 3], uniform("logits", 9)), uncertainty = Tensor([3, 1], [0.4, 1.3, 0.8])
    checkGradients(at: logits, uncertainty) { AddUp.loss(of: $0[0], truth, $0[1], partners: partners) }
  }

  /// `mix.*` of `rul_train`, made by PyTorch in double precision: mu, log_var [6, 8], 5 classes, a linear head; the sum over
  /// mixed embeddings, shares and loss, each times a seed of its own, is differentiated. The reference mixes embeddings,
  /// the loss here the logits.
  @Test("mixed, shares, loss and gradients are the reference's")
  func golden() throws {
    let (golden, allowed) = (try Golden("rul_train"), 2e-5)
    let partners = [2, 0, 1, 3, 5, 4]
    let scope = ParameterScope()
    let linear = Linear(from: 8, to: 5, in: scope / "fc")
    scope.store.fillFromNames()
    let tape = Tape()
    let pass = ForwardPass.training(on: tape, seed: 1, step: 0)
    let (mean, logVariance) = (tape.watch(golden.plain("mix.mu")), tape.watch(golden.plain("mix.log_var")))
    let uncertainty = RelativeUncertainty.uncertainty(logVariance: logVariance)
    let share = AddUp.share(uncertainty, partners: partners)
    let truth = Targets(labels: [0, 3, 4, 2, 3, 1]).distribution(classCount: 5, smoothing: 0)
    let outputs = [
      ("mixed", AddUp.mixed(mean, by: share, partners: partners)), ("share", share),
      ("loss", AddUp.loss(of: linear(mean, pass), truth, uncertainty, partners: partners)),
    ]
    for (name, output) in outputs {
      expectRelativeNorm(output, golden.plain("mix.output.\(name)"), atMost: allowed, name)
    }
    tape.backward(
      from: outputs.reduce(Tensor.zeros([1])) { sum, output in
        sum + (output.1 * Tensor(output.1.shape, uniform("mix.seed.\(output.0)", output.1.count))).sum()
      })
    for (name, input) in [("mu", mean), ("log_var", logVariance)] {
      let gradient = try #require(tape.gradient(of: input))
      expectRelativeNorm(gradient, golden.plain("mix.\(name).grad"), atMost: allowed, name)
    }
    for parameter in scope.store.all {
      let gradient = try #require(tape.gradient(for: ObjectIdentifier(parameter)))
      let expected = golden.plain("mix.grad.\(parameter.name)")
      expectRelativeNorm(gradient, expected, atMost: allowed, parameter.name)
    }
  }

  @Test("partners are a permutation that changes from step to step and not from run to run")
  func permutation() throws {
    let count = 16
    let targets = Targets(labels: (0..<count).map { $0 % 3 })
    let logits = Tensor([count, 3], uniform("logits", count * 3))
    func value(seed: UInt64, step: Int) -> Float {
      var context = BuildContext.fixture(path: "losses.add-up")
      let outcome = Outcome(
        embedding: .zeros([count, 1]), logits: logits, primary: logits, terms: [], final: logits,
        evidence: [.uncertainty: Tensor([count, 1], uniform("s", count).map { $0 + 1.5 })])
      let pass = ForwardPass.training(on: Tape(), seed: seed, step: step)
      return AddUp(.init(), in: &context).loss(of: outcome, against: targets, pass).item
    }
    #expect(value(seed: 1, step: 4) == value(seed: 1, step: 4))
    #expect(Set([value(seed: 1, step: 4), value(seed: 1, step: 5), value(seed: 2, step: 4)]).count == 3)
  }

  /// By hand: one face, target (0.9, 0.1), probabilities (1/4, 3/4).
  @Test("targets may be smoothed, or a distribution")
  func targets() throws {
    let logits = Tensor([1, 2], [0, Float(log(3.0))])
    let expected = Float(0.9 * log(4.0) + 0.1 * log(4.0 / 3))
    var context = BuildContext.fixture()
    func value(_ smoothing: Float, _ targets: Targets) -> Tensor {
      let outcome = Outcome(
        embedding: .zeros([1, 1]), logits: logits, primary: logits, terms: [], final: logits,
        evidence: [.uncertainty: .ones([1, 1])])
      return AddUp(.with { $0.smoothing = smoothing }, in: &context)
        .loss(of: outcome, against: targets, .training(on: Tape(), seed: 1, step: 0))
    }
    expectClose(value(0.2, Targets(labels: [0])), [expected])
    expectClose(value(0, Targets(labels: [0], distribution: Tensor([1, 2], [0.9, 0.1]))), [expected])
  }

  @Test("without uncertainty the recipe is refused, with the name of the encoder that provides it")
  func refused() throws {
    let problems = try #require(throws: RecipeProblems.self) {
      try Recipe.shipped("rul", ["model.encoder={ use: 'average-pool' }"], registry: try Registry.builtins())
    }
    #expect("\(problems)".contains("losses.add-up: "), "\(problems)")
    #expect("\(problems)".contains("relative-uncertainty"), "\(problems)")
  }
}
