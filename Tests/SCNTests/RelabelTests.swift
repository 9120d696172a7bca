import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import SCN

@Suite("Relabelling")
struct RelabelTests {
  @Test("decisions are the reference's, ties and margins included", arguments: ["0.2", "0.0"])
  func golden(_ margin: String) throws {
    let golden = try Golden("scn_train")
    let shares = golden.plain("table.relabel.logits").softmax(along: -1)
    let given = golden["table.relabel.labels"].values.map { Int($0) }
    let found = Relabel.labels(of: shares, given: given, margin: try #require(Float(margin)))
    #expect(found == golden["table.relabel.margin\(margin)"].values.map { Int($0) })
    #expect(found != given)
  }

  /// By hand: softmax(2, 1, 0) = (0.66524, 0.24473, 0.09003): class 0 leads class 1 by 0.42051, class 2 by 0.57521.
  @Test(
    "a lead above the margin, not one of just that size, from the chosen epoch on",
    arguments: [
      (0.2, 9, [0, 0, 0]), (0.42, 9, [0, 0, 0]), (0.43, 9, [0, 1, 0]), (0.6, 9, [0, 1, 2]),
      (0.2, 8, [0, 1, 2]),
    ] as [(Float, Int, [Int])])
  func decides(_ margin: Float, _ epoch: Int, _ expected: [Int]) throws {
    let policy = Relabel(.with { $0.margin = margin })
    observe(policy, [0, 1, 2], [2, 1, 0], [2, 1, 0], [2, 1, 0], epoch: epoch)
    #expect(labels(policy, given: [0, 1, 2]) == expected)
    // A lead of exactly the margin: 1/2 against 1/4 with a margin of 1/4.
    let exact = Tensor([1, 3], [0.5, 0.25, 0.25])
    #expect(Relabel.labels(of: exact, given: [1], margin: 0.25) == [1])
    #expect(Relabel.labels(of: exact, given: [1], margin: 0.2499) == [0])
  }

  @Test("a new label counts from the next batch on, with its row of a distribution, and may change again")
  func again() throws {
    let policy = Relabel(.with { $0.fromEpoch = 1 })
    observe(policy, [0], [0, 5, 0], epoch: 0)
    let shares = Tensor([1, 3], [0.5, 0.25, 0.25])
    let batch = Batch(number: 0, images: .zeros([1, 2, 2, 3]), indices: [0])
    let targets = policy.targets(Targets(labels: [0], distribution: shares), for: batch)
    #expect(targets.labels == [1])
    #expect(targets.distribution?.values == [0, 1, 0])
    // What it is taken for now, class 1, is beaten by class 2.
    observe(policy, [1], [0, 0, 5], epoch: 1)
    #expect(labels(policy, given: [0]) == [2])
    let samples = [Sample(id: "face", label: 0), Sample(id: "other", label: 1)]
    let remarks = policy.remarks(on: samples, classes: ["a", "b", "c"])
    #expect(remarks.map(\.title) == ["relabelled", "relabelled by class"])
    #expect(remarks[0].columns == ["id", "given", "taken for"] && remarks[0].rows == [["face", "a", "c"]])
    #expect(remarks[1].columns == ["given", "samples", "relabelled", "for a", "for b", "for c"])
    #expect(
      remarks[1].rows == [
        ["a", "1", "1", "0", "0", "1"], ["b", "1", "0", "0", "0", "0"], ["c", "0", "0", "0", "0", "0"],
      ])
    // Back to what it came with: nothing to tell.
    observe(policy, [2], [5, 0, 0], epoch: 2)
    #expect(labels(policy, given: [0]) == [0])
    #expect(policy.remarks(on: samples, classes: ["a", "b", "c"])[0].rows.isEmpty)
  }

  @Test("the head's own or the balanced distribution decides", arguments: ["primary", "final"])
  func which(_ word: String) throws {
    let policy = Relabel(
      .with {
        $0.fromEpoch = 1
        $0.of = word == "primary" ? .primary : .final
      })
    let primary = Tensor([1, 3], [0.1, 0.8, 0.1]), final = Tensor([1, 3], [0.1, 0.1, 0.8])
    policy.observe(
      Outcome(embedding: .zeros([1, 1]), logits: primary, primary: primary, terms: [], final: final),
      Targets(labels: [0]), [0], epoch: 0)
    #expect(labels(policy, given: [0]) == [word == "primary" ? 1 : 2])
    #expect(Relabel.Options().of == .final)
  }

  @Test("all that was learned is in its state")
  func state() throws {
    let (policy, other) = (Relabel(.with { $0.fromEpoch = 1 }), Relabel(.with { $0.fromEpoch = 1 }))
    observe(policy, [0, 0, 0, 0], [0, 5, 0], [5, 0, 0], [0, 0, 5], [0, 5, 0], epoch: 0)
    other.state = policy.state
    #expect(policy.state == ComponentState(["samples": [0, 2, 3], "labels": [1, 2, 1]]))
    #expect(other.state == policy.state)
    #expect(labels(other, given: [0, 0, 0, 0]) == [1, 0, 2, 1])
  }

  /// A step over samples 0, 1 ... that are taken for `labels`.
  private func observe(_ policy: Relabel, _ labels: [Int], _ logits: [Float]..., epoch: Int) {
    let scores = Tensor([logits.count, 3], logits.flatMap { $0 })
    let shares = scores.softmax(along: -1)
    policy.observe(
      Outcome(
        embedding: .zeros([logits.count, 1]), logits: scores, primary: shares, terms: [], final: shares),
      Targets(labels: labels), Array(labels.indices), epoch: epoch)
  }

  /// What the policy takes samples 0, 1 ... for.
  private func labels(_ policy: Relabel, given: [Int]) -> [Int] {
    let batch = Batch(
      number: 0, images: .zeros([given.count, 2, 2, 3]), indices: Array(given.indices))
    return policy.targets(Targets(labels: given), for: batch).labels
  }
}
