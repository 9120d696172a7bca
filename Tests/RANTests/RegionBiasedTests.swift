import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import RAN

@Suite("Region biased loss")
struct RegionBiasedTests {
  private func loss(_ margin: Float, views: Int, whole: Int) throws -> RegionBiased {
    var context = BuildContext(
      scope: ParameterScope(), classes: ["a", "b"], inputSize: 32,
      views: ViewPlan(count: views, wholeFace: whole))
    return try RegionBiased(.with { $0.margin = margin }, in: &context)
  }

  private func values(_ loss: RegionBiased, _ weights: Tensor) -> Tensor {
    let (rows, zeros) = (weights.shape[0], Tensor.zeros([weights.shape[0], 2]))
    let outcome = Outcome(
      embedding: zeros, logits: zeros, primary: zeros, terms: [], final: zeros,
      evidence: [.regionWeights: weights])
    return loss.loss(
      of: outcome, against: Targets(labels: [Int](repeating: 0, count: rows)), .evaluation)
  }

  /// The reference takes the mean, which is the objective's here.
  @Test("values and gradients agree with the reference", arguments: [0.1, 0.03, 0.02] as [Float])
  func golden(margin: Float) throws {
    let golden = try Golden("ran_train")
    let tape = Tape()
    let own = tape.watch(golden.plain("biased.own"))
    let mean = values(try loss(margin, views: 6, whole: 5), own).mean()
    expectRelativeNorm(mean, golden.plain("biased.margin\(margin).loss"), atMost: 2e-5, "\(margin)")
    tape.backward(from: mean)
    let gradient = try #require(tape.gradient(of: own))
    expectRelativeNorm(gradient, golden.plain("biased.margin\(margin).grad"), atMost: 2e-5, "\(margin)")
  }

  /// 0.1 - (0.208435 - 0.195665) = 0.08723; the sigmoids 0.8808 and 0.81757 lie 0.063 apart, more than 0.02. With the whole
  /// face in the middle the best of 0.5 and 0.2 is 0.5, which beats 0.3 by 0.2; 0.25 - 0.2 = 0.05.
  @Test("by hand, wherever the whole face is")
  func byHand() throws {
    let soft: [Float] = [0.142427, 0.179448, 0.113043, 0.208435, 0.160981, 0.195665]
    expectClose(values(try loss(0.1, views: 6, whole: 5), Tensor([1, 6], soft)), [0.08723], absolute: 1e-6)
    let sigmoids: [Float] = [0.5, 0.731059, 0.268941, 0.880797, 0.622459, 0.817574]
    expectClose(values(try loss(0.02, views: 6, whole: 5), Tensor([1, 6], sigmoids)), [0])
    expectClose(
      values(try loss(0.25, views: 3, whole: 1), Tensor([1, 3], [0.5, 0.3, 0.2])), [0.05], absolute: 1e-6)
    // All the same: the margin.
    expectClose(values(try loss(0.1, views: 2, whole: 0), Tensor([1, 2], [0.5, 0.5])), [0.1])
  }

  @Test("needs parts, and to know which view is the whole face")
  func refused() {
    for plan in [ViewPlan.single, ViewPlan(count: 3)] {
      var context = BuildContext(
        scope: ParameterScope(), classes: ["a", "b"], inputSize: 32, views: plan)
      #expect(throws: BuildIssue.self) { try RegionBiased(.init(), in: &context) }
    }
  }
}
