import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import ReliabilityBalancing

@Suite("Correction terms")
struct CorrectionTests {
  /// By hand: distances (5, 0), so softmax(-d) = (exp(-5), 1) / (1 + exp(-5)).
  @Test("an embedding on an anchor is given that anchor's class")
  func embeddingOnAnchor() throws {
    let term = try anchorTerm(Tensor([2, 1, 2], [0, 0, 3, 4]))
    let found = term.correct(prediction(Tensor([1, 2], [3, 4]), classes: 2), .evaluation)
    expectClose(found.distribution, [[0.006_692_85, 0.993_307_15]], absolute: 1e-5)
    #expect(found.evidence.keys.map(\.name) == ["anchors"])
    #expect(found.evidence[.anchors]?.shape == [2, 1, 2])
  }

  @Test("the anchor term agrees with the reference, gradients included")
  func anchorGolden() throws {
    let golden = try Golden("op_anchor_term")
    var options = AnchorCorrection.Options()
    (options.perClass, options.delta) = (5, 0.7)
    var context = BuildContext.fixture(classes: 3, embedding: 16)
    let term = try AnchorCorrection(options, in: &context)
    let anchors = try #require(context.store["anchors"])
    anchors.value = golden.plain("anchors")
    let tape = Tape()
    let embedding = tape.watch(golden.plain("e"))
    let output = term.correct(prediction(embedding, classes: 3), .recording(on: tape)).distribution
    tape.backward(from: output, gradient: golden.plain("output.grad"))
    let gradient = tape.gradient(for: ObjectIdentifier(anchors))
    try compare(
      golden, ["output": output, "e.grad": tape.gradient(of: embedding), "anchors.grad": gradient])
  }

  @Test("the attentive term agrees with the reference, gradients included")
  func attentiveGolden() throws {
    let golden = try Golden("op_attentive_term")
    var options = AttentiveCorrection.Options()
    (options.heads, options.tokens, options.keys) = (2, 4, 32)
    var context = BuildContext.fixture(classes: 6, embedding: 16)
    let term = try AttentiveCorrection(options, in: &context)
    context.store.fillFromNames { "corrections.attentive." + $0 }
    let tape = Tape()
    let embedding = tape.watch(golden.plain("e"))
    let output = term.correct(prediction(embedding, classes: 6), .recording(on: tape)).distribution
    tape.backward(from: output, gradient: golden.plain("output.grad"))
    try compare(golden, ["output": output, "e.grad": tape.gradient(of: embedding)])
  }

  @Test("coinciding anchors and an embedding on them have finite values and gradients")
  func coincidingAnchors() throws {
    var context = BuildContext.fixture(classes: 2, embedding: 2)
    var options = AnchorCorrection.Options()
    options.perClass = 2
    let term = try AnchorCorrection(options, in: &context)
    let anchors = try #require(context.store["anchors"])
    anchors.value = .zeros([2, 2, 2])
    let tape = Tape()
    let embedding = tape.watch(Tensor.zeros([1, 2]))
    let output = term.correct(prediction(embedding, classes: 2), .recording(on: tape)).distribution
    tape.backward(from: output, gradient: Tensor([1, 2], [1, -1]))
    expectClose(output, [[0.5, 0.5]])
    for gradient in [tape.gradient(of: embedding), tape.gradient(for: ObjectIdentifier(anchors))] {
      #expect(try #require(gradient).values.allSatisfy { $0.isFinite })
    }
  }

  @Test(
    "gradients match central differences, also on an anchor's class",
    arguments: [[0.1, 0.2], [1, 2]] as [[Float]])
  func gradients(_ point: [Float]) throws {
    let term = try anchorTerm(Tensor([2, 1, 2], [0, 0, 3, 4]))
    checkGradients(at: Tensor([1, 2], point)) {
      term.correct(prediction($0, classes: 2), .evaluation).distribution
    }
  }

  @Test("tokens must divide keys, heads a token")
  func badOptions() {
    var options = AttentiveCorrection.Options()
    options.tokens = 7
    #expect(options.allIssues() == [OptionIssue("tokens", "must divide keys: 7 tokens do not divide 128")])
    (options.tokens, options.heads) = (8, 5)
    let issue = OptionIssue("heads", "must divide a token's size, keys / tokens: 5 heads do not divide 16")
    #expect(options.allIssues() == [issue])
  }

  private func anchorTerm(_ anchors: Tensor) throws -> AnchorCorrection {
    var options = AnchorCorrection.Options()
    options.perClass = anchors.shape[1]
    var context = BuildContext.fixture(classes: anchors.shape[0], embedding: anchors.shape[2])
    let term = try AnchorCorrection(options, in: &context)
    context.store["anchors"]?.value = anchors
    return term
  }
}

func prediction(_ embedding: Tensor, classes: Int) -> Prediction {
  let distribution = Tensor.full([embedding.shape[0], classes], 1 / Float(classes))
  return Prediction(embedding: embedding, distribution: distribution)
}

/// Compares what was found with the golden arrays of the same names.
func compare(_ golden: Golden, _ found: [String: Tensor?]) throws {
  let allowed = try Tolerance.read().ops
  for name in found.keys.sorted() {
    let value = try #require(found[name] ?? nil, "\(name)")
    let error = expectRelativeNorm(value, golden.plain(name), atMost: allowed, name)
    print("golden \(golden.name) \(name): \(error)")
  }
}
