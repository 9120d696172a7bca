import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import Baselines

@Suite("Label noise")
struct LabelNoiseTests {
  private let classes = ["a", "b", "c", "d"]
  private let samples = (0..<8000).map { Sample(id: "face/\($0)", label: $0 % 4) }

  /// Expected: 0.3 · 8000 = 2400 changes, deviation √(8000·0.3·0.7) = 41; of each of the 12 kinds 200, deviation
  /// √(8000·p·(1 - p)) = 14 for p = 0.3 / 12. Five deviations are allowed.
  @Test("so many labels change, each to every other class alike")
  func share() throws {
    let (changed, _) = noisy(samples, share: 0.3)
    let pairs = zip(samples, changed).map { [$0.label, $1.label] }.filter { $0[0] != $0[1] }
    #expect(abs(pairs.count - 2400) < 5 * 41)
    let kinds = Dictionary(grouping: pairs) { $0 }.mapValues(\.count)
    #expect(kinds.count == 12)
    for (kind, count) in kinds { #expect(abs(count - 200) < 5 * 14, "\(kind)") }
  }

  @Test("0 changes nothing, 1 every label")
  func extremes() {
    #expect(noisy(samples, share: 0).samples == samples)
    #expect(zip(samples, noisy(samples, share: 1).samples).allSatisfy { $0.label != $1.label })
  }

  @Test("the seed and the id decide, not the order nor the other samples")
  func byName() {
    let labels = { (samples: [Sample]) in Dictionary(uniqueKeysWithValues: samples.map { ($0.id, $0.label) })
    }
    let whole = labels(noisy(samples, share: 0.3).samples)
    #expect(labels(noisy(samples.reversed(), share: 0.3).samples) == whole)
    let few = labels(noisy(Array(samples.prefix(100)), share: 0.3).samples)
    #expect(few == whole.filter { few[$0.key] != nil })
    #expect(labels(noisy(samples, share: 0.3, seed: 2).samples) != whole)
  }

  @Test("a changed sample is all of its new class, and is told of")
  func remarks() throws {
    let shared = [
      Sample(id: "one", label: 0, distribution: [0.75, 0.25]), Sample(id: "two", label: 1),
    ]
    let (changed, policy) = noisy(shared, share: 1, classes: ["sad", "glad"])
    #expect(changed.map(\.label) == [1, 0])
    #expect(changed.allSatisfy { $0.distribution == nil })
    let table = Table(
      "label noise", columns: ["id", "from", "to"], rows: [["one", "sad", "glad"], ["two", "glad", "sad"]])
    #expect(policy.remarks(on: changed, classes: ["sad", "glad"]) == [table])
    var again = shared
    policy.begin(&again, in: setting(["sad", "glad"], seed: 1))
    #expect(again == changed)
    #expect(policy.remarks(on: again, classes: ["sad", "glad"]) == [table])
  }

  private func noisy(
    _ samples: [Sample], share: Float, seed: UInt64 = 1, classes: [String]? = nil
  ) -> (samples: [Sample], policy: LabelNoise) {
    var options = LabelNoise.Options()
    options.share = share
    let policy = LabelNoise(options)
    var samples = samples
    policy.begin(&samples, in: setting(classes ?? self.classes, seed: seed))
    return (samples, policy)
  }

  private func setting(_ classes: [String], seed: UInt64) -> TrainingSetting {
    TrainingSetting(classes: classes, seed: seed) {
      throw DataProblem($0.text + $1.text, "no other model here")
    }
  }
}
