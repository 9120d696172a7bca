import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import Baselines

@Suite("A teacher's distributions in place of labels")
struct TeacherTests {
  /// Says the same of every image; what was asked for is in its fingerprint.
  private struct Fixed: FrozenModel {
    let fingerprint: String
    var fails = false
    func distribution(of images: Tensor) throws -> Tensor {
      if fails { throw DataProblem("teacher", "fails") }
      return Tensor([images.shape[0], 2], (0..<images.shape[0]).flatMap { _ in [0.25, 0.75] as [Float] })
    }
  }

  private func teacher(share: Float = 1, fails: Bool = false) throws -> Teacher {
    let policy = try Teacher(.with { ($0.model, $0.weights, $0.share) = ("run", "file", share) })
    var samples = [Sample(id: "a", label: 0), Sample(id: "b", label: 1)]
    let setting = TrainingSetting(classes: ["sad", "glad"], seed: 1) {
      Fixed(fingerprint: "\($0.text) \($1.text)", fails: fails)
    }
    try policy.begin(&samples, in: setting)
    #expect(samples.map(\.label) == [0, 1])
    return policy
  }

  private let batch = Batch(number: 0, images: .zeros([2, 4, 4, 3]), indices: [0, 1])

  /// 0.8 · (1/4, 3/4) + 0.2 · (1, 0) = (0.4, 0.6), and with (0, 1): (0.2, 0.8).
  @Test("its distribution, or a share of it; labels stay")
  func targets() throws {
    let given = Targets(labels: [0, 1], weights: [1, 2])
    let whole = try teacher().targets(given, for: batch)
    #expect(whole.distribution?.values == [0.25, 0.75, 0.25, 0.75])
    #expect(whole.labels == [0, 1] && whole.weights == [1, 2])
    let mixed = try teacher(share: 0.8).targets(given, for: batch)
    expectClose(mixed.distribution ?? .zeros([1]), [[0.4, 0.6], [0.2, 0.8]])
    // Annotators' shares (1/2, 1/2) in place of labels: (0.3, 0.7).
    let votes = Targets(labels: [0, 1], distribution: .full([2, 2], 0.5))
    expectClose(
      try teacher(share: 0.8).targets(votes, for: batch).distribution ?? .zeros([1]),
      [[0.3, 0.7], [0.3, 0.7]])
    expectClose(
      try teacher(share: 0).targets(given, for: batch).distribution ?? .zeros([1]), [[1, 0], [0, 1]])
  }

  @Test("model and weights are handed on, and its fingerprint is the model's")
  func fingerprint() throws { #expect(try teacher().fingerprint == "run file") }

  @Test("what the teacher throws comes through; without a name it cannot be made")
  func problems() throws {
    let failing = try teacher(fails: true)
    #expect(throws: DataProblem.self) { try failing.targets(Targets(labels: [0, 1]), for: batch) }
    let issue = try #require(throws: BuildIssue.self) { try Teacher(.init()) }
    #expect(issue.key == "model")
    #expect(Teacher.Options.with { $0.share = 1.5 }.allIssues().map(\.key) == ["share"])
  }
}
