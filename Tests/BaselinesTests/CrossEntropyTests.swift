import FERCore
import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import Baselines

@Suite("Cross entropy")
struct CrossEntropyTests {
  /// By hand: softmax of (0, ln 3) is (1/4, 3/4); -ln(1/4) for class 0, -ln(3/4) for class 1, half of each for an even
  /// target; smoothed by 0.2 class 0 has 0.9 of the target and class 1 0.1.
  @Test("it reads the logits row by row and honours a target distribution")
  func values() throws {
    let logits = Tensor([2, 2], [0, Float(log(3.0)), 0, Float(log(3.0))])
    let (rare, common) = (Float(log(4.0)), Float(log(4.0 / 3)))
    expectClose(try loss(logits, Targets(labels: [0, 1])), [rare, common])
    let even = Targets(labels: [0, 1], distribution: Tensor([2, 2], [0.5, 0.5, 0, 1]))
    expectClose(try loss(logits, even), [(rare + common) / 2, common])
    expectClose(
      try loss(logits, Targets(labels: [0, 1]), smoothing: 0.2),
      [0.9 * rare + 0.1 * common, 0.1 * rare + 0.9 * common])
    try checkGradients(at: logits) { try loss($0, even, smoothing: 0.2) }
  }

  @Test("huge logits give finite losses and gradients", arguments: [0, 1])
  func extremes(_ label: Int) throws {
    let tape = Tape()
    let logits = tape.watch(Tensor([1, 2], [-1e4, 1e4]))
    let found = try loss(logits, Targets(labels: [label]))
    #expect(found.item.isFinite)
    tape.backward(from: found)
    #expect(try #require(tape.gradient(of: logits)).values.allSatisfy { $0.isFinite })
  }

  /// Two losses of this kind in a recipe, weights 2 and 1, are the loss that POSTER was trained with.
  @Test("smoothed twice and plain once agree with the reference of POSTER's loss")
  func smoothedAndPlain() throws {
    let golden = try Golden("op_poster_loss")
    let allowed = try Tolerance.read().ops
    let tape = Tape()
    let logits = tape.watch(golden.plain("logits"))
    let targets = Targets(labels: [0, 3, 5, 6])
    let smoothed = try loss(logits, targets, smoothing: 0.2).mean()
    let plain = try loss(logits, targets).mean()
    let total = smoothed * 2 + plain
    tape.backward(from: total)
    for (name, found) in [
      ("smoothed", smoothed), ("plain", plain), ("output", total),
      ("logits.grad", try #require(tape.gradient(of: logits))),
    ] {
      let error = expectRelativeNorm(found, golden.plain(name), atMost: allowed, name)
      print("golden op_poster_loss \(name): \(error)")
    }
  }

  private func loss(_ logits: Tensor, _ targets: Targets, smoothing: Float = 0) throws -> Tensor {
    var (options, context) = (CrossEntropy.Options(), BuildContext.fixture())
    options.smoothing = smoothing
    let outcome = Outcome(
      embedding: .zeros([logits.shape[0], 1]), logits: logits, primary: logits, terms: [], final: logits)
    return try CrossEntropy(options, in: &context).loss(of: outcome, against: targets, .evaluation)
  }
}
