import FERCore
import Foundation
import NeuralKit
import ReliabilityBalancing
import Baselines
import TensorKit
import TestSupport
import Testing

@Suite("Losses")
struct LossTests {
  @Test("nll with smoothing agrees with the reference")
  func nllGolden() throws {
    let golden = try Golden("op_nll_smooth")
    var options = NegativeLogLikelihood.Options()
    options.smoothing = 0.11
    let loss = try make { try NegativeLogLikelihood(options, in: &$0) }
    try check(golden, "dist") {
      loss.loss(of: outcome(final: $0), against: Targets(labels: [5, 0, 2, 2]), .evaluation)
    }
  }

  @Test("the anchor loss agrees with the reference")
  func anchorGolden() throws {
    let golden = try Golden("op_anchor_loss")
    let loss = try make { try AnchorLoss(.init(), in: &$0) }
    try check(golden, "anchors") {
      loss.loss(
        of: outcome(anchors: $0, embedding: .zeros([1, 16])), against: Targets(labels: [0]), .evaluation)
    }
  }

  @Test("the center loss agrees with the reference")
  func centerGolden() throws {
    let golden = try Golden("op_center_loss")
    let loss = try make { try CenterLoss(.init(), in: &$0) }
    let (embedding, anchors) = (golden.plain("e"), golden.plain("anchors"))
    let targets = Targets(labels: [0, 2, 1, 1])
    try check(golden, "e") {
      loss.loss(of: outcome(anchors: anchors, embedding: $0), against: targets, .evaluation)
    }
    try check(golden, "anchors") {
      loss.loss(of: outcome(anchors: $0, embedding: embedding), against: targets, .evaluation)
    }
  }

  /// By hand: pairs of (1,0), (0,1), (1,1) have squared distances 2, 1, 1; six ordered pairs, two dimensions:
  /// -8 / 12. With a margin of 0.75 the halves 1, 0.5, 0.5 become 0.75, 0.5, 0.5: -3.5 / 6.
  @Test(
    "a margin caps the anchor loss",
    arguments: [(0, -2.0 / 3), (0.75, -3.5 / 6), (5, -2.0 / 3)] as [(Float, Float)])
  func margin(_ margin: Float, _ expected: Float) throws {
    var options = AnchorLoss.Options()
    options.margin = margin
    let loss = try make { try AnchorLoss(options, in: &$0) }
    let anchors = Tensor([3, 1, 2], [1, 0, 0, 1, 1, 1])
    expectClose(loss.value(anchors: anchors), [expected])
    checkGradients(at: anchors) { loss.value(anchors: $0) }
  }

  @Test("one anchor alone has nothing to be pushed from; equal anchors have finite gradients")
  func degenerateAnchors() throws {
    let loss = try make { try AnchorLoss(.init(), in: &$0) }
    expectClose(loss.value(anchors: .ones([1, 1, 4])), [0])
    checkGradients(at: Tensor.zeros([2, 2, 3])) { loss.value(anchors: $0) }
  }

  /// By hand: softmax of (0, ln 3) is (1/4, 3/4); -ln(1/4) for class 0, and half of each for an even target.
  @Test("cross entropy reads the logits and honours a target distribution")
  func crossEntropy() throws {
    let loss = try make { try CrossEntropy(.init(), in: &$0) }
    var given = outcome(final: Tensor([1, 2], [0.5, 0.5]))
    given.head.logits = Tensor([1, 2], [0, Float(log(3.0))])
    let (rare, common) = (Float(log(4.0)), Float(log(4.0 / 3)))
    expectClose(loss.loss(of: given, against: Targets(labels: [0]), .evaluation), [rare])
    let even = Targets(labels: [0], distribution: Tensor([1, 2], [0.5, 0.5]))
    expectClose(loss.loss(of: given, against: even, .evaluation), [(rare + common) / 2])
    let nll = try make { try NegativeLogLikelihood(.init(), in: &$0) }
    given.final = Tensor([1, 2], [0.25, 0.75])
    expectClose(nll.loss(of: given, against: even, .evaluation), [(rare + common) / 2])
  }

  @Test(
    "probabilities of exactly 0 and 1 and huge logits give finite losses and gradients", arguments: [0, 1])
  func extremes(_ label: Int) throws {
    let nll = try make { try NegativeLogLikelihood(.init(), in: &$0) }
    let entropy = try make { try CrossEntropy(.init(), in: &$0) }
    let tape = Tape()
    var given = outcome(final: tape.watch(Tensor([1, 2], [0, 1])))
    given.head.logits = tape.watch(Tensor([1, 2], [-1e4, 1e4]))
    let targets = Targets(labels: [label])
    let total =
      nll.loss(of: given, against: targets, .evaluation)
      + entropy.loss(of: given, against: targets, .evaluation)
    #expect(total.item.isFinite)
    tape.backward(from: total)
    for leaf in [given.final, given.head.logits] {
      #expect(try #require(tape.gradient(of: leaf)).values.allSatisfy { $0.isFinite })
    }
  }

  @Test("losses on anchors say that they need them")
  func requirements() {
    #expect(AnchorLoss.requires == [.anchors])
    #expect(CenterLoss.requires == [.anchors])
    #expect(NegativeLogLikelihood.requires.isEmpty)
    #expect(AnchorCorrection.provides.contains(.anchors))
  }

  private func check(_ golden: Golden, _ input: String, _ function: (Tensor) -> Tensor) throws {
    let tape = Tape()
    let watched = tape.watch(golden.plain(input))
    let output = function(watched)
    tape.backward(from: output, gradient: golden.plain("output.grad"))
    try compare(golden, ["output": output, input + ".grad": tape.gradient(of: watched)])
  }
}

extension AnchorLoss {
  fileprivate func value(anchors: Tensor) -> Tensor {
    let given = outcome(anchors: anchors, embedding: .zeros([1, anchors.shape[2]]))
    return loss(of: given, against: Targets(labels: [0]), .evaluation)
  }
}

private func make<Part>(_ build: (inout BuildContext) throws -> Part) throws -> Part {
  var context = BuildContext.fixture()
  return try build(&context)
}

private func outcome(final: Tensor) -> Outcome {
  Outcome(
    embedding: .zeros([final.shape[0], 1]), head: HeadOutput(logits: final), primary: final, terms: [],
    final: final)
}

private func outcome(anchors: Tensor, embedding: Tensor) -> Outcome {
  let distribution = Tensor.full([embedding.shape[0], anchors.shape[0]], 1 / Float(anchors.shape[0]))
  let correction = Correction(distribution: distribution, evidence: [.anchors: anchors])
  return Outcome(
    embedding: embedding, head: HeadOutput(logits: distribution), primary: distribution,
    terms: [("anchor", correction)], final: distribution)
}
