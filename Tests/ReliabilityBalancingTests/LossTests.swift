import FERCore
import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import ReliabilityBalancing

@Suite("Losses")
struct LossTests {
  @Test("nll with smoothing agrees with the reference")
  func nllGolden() throws {
    let golden = try Golden("op_nll_smooth")
    var options = NegativeLogLikelihood.Options()
    options.smoothing = 0.11
    let loss = try make { try NegativeLogLikelihood(options, in: &$0) }
    try check(golden, "dist") {
      loss.loss(of: outcome(final: $0), against: Targets(labels: [5, 0, 2, 2]), .evaluation).mean()
    }
  }

  @Test("the anchor loss agrees with the reference")
  func anchorGolden() throws {
    let golden = try Golden("op_anchor_loss")
    let loss = make { AnchorLoss(.init(), in: &$0) }
    try check(golden, "anchors") {
      loss.loss(
        of: outcome(anchors: $0, embedding: .zeros([1, 16])), against: Targets(labels: [0]), .evaluation)
    }
  }

  @Test("the center loss agrees with the reference")
  func centerGolden() throws {
    let golden = try Golden("op_center_loss")
    let loss = make { CenterLoss(.init(), in: &$0) }
    let (embedding, anchors) = (golden.plain("e"), golden.plain("anchors"))
    let targets = Targets(labels: [0, 2, 1, 1])
    try check(golden, "e") {
      loss.loss(of: outcome(anchors: anchors, embedding: $0), against: targets, .evaluation).mean()
    }
    try check(golden, "anchors") {
      loss.loss(of: outcome(anchors: $0, embedding: embedding), against: targets, .evaluation).mean()
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
    let loss = make { AnchorLoss(options, in: &$0) }
    let anchors = Tensor([3, 1, 2], [1, 0, 0, 1, 1, 1])
    expectClose(loss.value(anchors: anchors), [expected])
    checkGradients(at: anchors) { loss.value(anchors: $0) }
  }

  @Test("one anchor alone has nothing to be pushed from; equal anchors have finite gradients")
  func degenerateAnchors() throws {
    let loss = make { AnchorLoss(.init(), in: &$0) }
    expectClose(loss.value(anchors: .ones([1, 1, 4])), [0])
    checkGradients(at: Tensor.zeros([2, 2, 3])) { loss.value(anchors: $0) }
  }

  /// By hand: -ln(1/4) and -ln(3/4); for an even target half of each.
  @Test("nll gives one value a row and honours a target distribution")
  func nllRows() throws {
    let nll = try make { try NegativeLogLikelihood(.init(), in: &$0) }
    let given = outcome(final: Tensor([2, 2], [0.25, 0.75, 0.25, 0.75]))
    let (rare, common) = (Float(log(4.0)), Float(log(4.0 / 3)))
    expectClose(nll.loss(of: given, against: Targets(labels: [0, 1]), .evaluation), [rare, common])
    let even = Targets(labels: [0, 1], distribution: Tensor([2, 2], [0.5, 0.5, 0, 1]))
    expectClose(nll.loss(of: given, against: even, .evaluation), [(rare + common) / 2, common])
  }

  /// By hand: of class 0 the terms say 1/4 and 1/2, of class 1 3/4 and 1/2: the means of -ln. Smoothed by 0.2 a row has
  /// 0.9 of its own and 0.1 of the other.
  @Test("term-nll is the mean of the terms' own likelihoods, whatever the balance says")
  func termRows() throws {
    let terms = Tensor([2, 4], [0.25, 0.75, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5])
    let targets = Targets(labels: [0, 1])
    let (rare, common) = (Float(log(4.0) + log(2.0)) / 2, Float(log(4.0 / 3) + log(2.0)) / 2)
    for (smoothing, expected) in [
      (Float(0), [rare, common]), (0.2, [0.9 * rare + 0.1 * common, 0.9 * common + 0.1 * rare]),
    ] {
      let loss = try make { try TermLikelihood(.with { $0.smoothing = smoothing }, in: &$0) }
      let value = { (terms: Tensor) in
        loss.loss(of: outcome(terms: terms), against: targets, .evaluation)
      }
      expectClose(value(terms), expected)
      checkGradients(at: terms) { value($0) }
    }
    var context = BuildContext.fixture()
    #expect(throws: BuildIssue("", "needs a correction, and model.corrections names none")) {
      try TermLikelihood(.init(), in: &context)
    }
  }

  /// A term that is (almost) uniform has (almost) no share: equation 20 gives it no gradient, term-nll does.
  @Test("a uniform term gets no gradient from nll, and one from term-nll")
  func uniformTerm() throws {
    let logits = Tensor([1, 2], [0, 0])
    let (nll, term) = (
      try make { try NegativeLogLikelihood(.init(), in: &$0) },
      try make { try TermLikelihood(.init(), in: &$0) }
    )
    for (loss, expected) in [(nll as any Loss, [Float(0), 0]), (term, [-0.5, 0.5])] {
      let tape = Tape()
      let watched = tape.watch(logits)
      let (primary, proposal) = (Tensor([1, 2], [0.8, 0.2]), watched.softmax(along: -1))
      let outcome = Outcome(
        embedding: .zeros([1, 1]), logits: logits, primary: primary,
        terms: [.init(name: "a", distribution: proposal)], final: .balanced(primary, with: [proposal]))
      tape.backward(from: loss.loss(of: outcome, against: Targets(labels: [0]), .evaluation))
      expectClose(try #require(tape.gradient(of: watched)), [expected], absolute: 1e-5)
    }
  }

  /// By hand: (1, 0) is 1 and 0.5 from its two anchors (0, 0) and (1, 1) squared, over D = 2: 0.5 each, so 0.5; the
  /// class of (3, 0) has (3, 4) and (3, 2): 8 and 2.
  @Test("the center loss takes the nearest anchor of each row's class")
  func centerRows() throws {
    let loss = make { CenterLoss(.init(), in: &$0) }
    let given = outcome(
      anchors: Tensor([2, 2, 2], [0, 0, 1, 1, 3, 4, 3, 2]), embedding: Tensor([2, 2], [1, 0, 3, 0]))
    expectClose(loss.loss(of: given, against: Targets(labels: [0, 1]), .evaluation), [0.5, 2])
  }

  @Test("probabilities of exactly 0 and 1 give finite values and gradients", arguments: [0, 1])
  func extremes(_ label: Int) throws {
    let nll = try make { try NegativeLogLikelihood(.init(), in: &$0) }
    let tape = Tape()
    let final = tape.watch(Tensor([1, 2], [0, 1]))
    let found = nll.loss(of: outcome(final: final), against: Targets(labels: [label]), .evaluation)
    #expect(found.item.isFinite)
    tape.backward(from: found)
    #expect(try #require(tape.gradient(of: final)).values.allSatisfy { $0.isFinite })
  }

  @Test("losses on anchors say that they need them, and what they are numbers of")
  func requirements() {
    let anchors = EvidenceKey("anchors", .shared)
    #expect(AnchorLoss.requires(.init()) == [anchors] && AnchorLoss.scope == .parameters)
    #expect(CenterLoss.requires(.init()) == [anchors] && CenterLoss.scope == .samples)
    #expect(NegativeLogLikelihood.requires(.init()).isEmpty && NegativeLogLikelihood.scope == .samples)
    #expect(AnchorCorrection.provides(.init()) == [anchors])
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

private func make<Part>(_ build: (inout BuildContext) throws -> Part) rethrows -> Part {
  var context = BuildContext.fixture()
  context.terms = ["a"]
  return try build(&context)
}

private func outcome(final: Tensor) -> Outcome {
  Outcome(embedding: .zeros([final.shape[0], 1]), logits: final, primary: final, terms: [], final: final)
}

/// - Parameter terms: `[N, T·2]`, two terms of two classes.
private func outcome(terms: Tensor) -> Outcome {
  let even = Tensor.full([terms.shape[0], 2], 0.5)
  return Outcome(
    embedding: .zeros([terms.shape[0], 1]), logits: even, primary: even,
    terms: [0, 1].map {
      .init(name: "\($0)", distribution: terms.sliced(along: 1, from: 2 * $0, count: 2))
    }, final: even)
}

private func outcome(anchors: Tensor, embedding: Tensor) -> Outcome {
  let distribution = Tensor.full([embedding.shape[0], anchors.shape[0]], 1 / Float(anchors.shape[0]))
  return Outcome(
    embedding: embedding, logits: distribution, primary: distribution, terms: [], final: distribution,
    evidence: [.anchors: anchors])
}
