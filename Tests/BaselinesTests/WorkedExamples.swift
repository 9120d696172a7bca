import FERCore
import FERTools
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import Baselines

@Suite("Samplers and label policies, by hand")
struct WorkedExamples {
  @Test("what was worked out comes out", arguments: examples)
  func comesOut(_ example: Example) throws { #expect(try example.check() == []) }

  @Test("every sampler and label policy has an example")
  func complete() throws {
    #expect(try Example.missing(for: BaselinesPlugin.self, among: Self.examples) == [])
  }

  /// So many samples of each class.
  private static func samples(_ counts: [Int]) -> [Sample] {
    counts.enumerated().flatMap { label, count in
      (0..<count).map { Sample(id: "\(label)/\($0)", label: label) }
    }
  }

  /// Two classes, by a policy that gives this share of the samples another one.
  private static func noise(_ share: Float, _ labels: [Int], become expected: [Int]) -> WorkedExample {
    let setting = TrainingSetting(classes: ["sad", "glad"], seed: 1) {
      throw DataProblem($0.text + $1.text, "no other model here")
    }
    return .labels(
      by: LabelNoise(.with { $0.share = share }),
      of: labels.enumerated().map { Sample(id: "\($0)", label: $1) }, in: setting, become: expected)
  }

  private static let examples = [
    // Every sample once.
    Example("samplers/shuffled") {
      .epoch(of: ShuffledSampler(.init()), samples: samples([3, 0, 2]), classCount: 3, holds: [3, 0, 2])
    },
    Example("samplers/sequential") {
      .epoch(of: SequentialSampler(.init()), samples: samples([3, 0, 2]), classCount: 3, holds: [3, 0, 2])
    },
    Example("samplers/class-balanced", "10 a class") {
      .epoch(
        of: ClassBalancedSampler(.with { $0.perClass = 10 }), samples: samples([45, 30, 3, 0]),
        classCount: 4, holds: [10, 10, 10, 0])
    },
    // 78 samples of three classes: 26 each.
    Example("samplers/class-balanced", "as long as the dataset") {
      .epoch(
        of: ClassBalancedSampler(.init()), samples: samples([45, 30, 3, 0]), classCount: 4,
        holds: [26, 26, 26, 0])
    },
    // A single class is all that can be drawn.
    Example("samplers/weighted", "one class") {
      .epoch(
        of: WeightedSampler(.with { $0.count = 7 }), samples: samples([0, 4]), classCount: 2, holds: [0, 7])
    },
    // Power 400: of 10 and 1 samples the first class has 10^(1 − 400) times the chance of the second, which no double
    // tells from 0. As many draws as samples.
    Example("samplers/weighted", "rare classes alone") {
      .epoch(
        of: WeightedSampler(.with { $0.power = 400 }), samples: samples([10, 1]), classCount: 2,
        holds: [0, 11])
    },
    // Shares 15/16 and 1/16 with t = 9/16: factors max(1, √(9/15)) = 1 and √9 = 3.
    Example("samplers/repeat-factor") {
      .epoch(
        of: RepeatFactorSampler(.with { $0.threshold = 9 / 16 }), samples: samples([15, 1]), classCount: 2,
        holds: [15, 3])
    },
    // RAF-DB's 12,271 training samples by class, and a threshold of 0.15: surprise 1290 (share 0.105, factor 1.19), fear 281
    // (0.0229, 2.56), disgust 717 (0.0584, 1.60), happiness 4772 (0.389), sadness 1982 (0.162), anger 705 (0.0575, 1.62), neutral
    // 2524 (0.206): twice, three times, twice, once, once, twice, once.
    Example("samplers/repeat-factor", "rounding up") {
      .epoch(
        of: RepeatFactorSampler(
          .with {
            $0.threshold = 0.15
            $0.rounding = .up
          }),
        samples: samples([1290, 281, 717, 4772, 1982, 705, 2524]), classCount: 7,
        holds: [2580, 843, 1434, 4772, 1982, 1410, 2524])
    },
    // No label changes, or each to the only other class.
    Example("labels/noise", "of none") { noise(0, [0, 1, 1], become: [0, 1, 1]) },
    Example("labels/noise", "of all") { noise(1, [0, 1, 1], become: [1, 0, 0]) },
    // A teacher leaves labels alone.
    Example("labels/teacher") {
      let setting = TrainingSetting(classes: ["sad", "glad"], seed: 1) { _, _ in Certain() }
      return .labels(
        by: try Teacher(.with { $0.model = "run" }), of: [0, 1, 1].map { Sample(id: "\($0)", label: $0) },
        in: setting, become: [0, 1, 1])
    },
  ]
}

/// Sure that every image is glad.
private struct Certain: FrozenModel {
  let fingerprint = ""
  func distribution(of images: Tensor) -> Tensor {
    Tensor([images.shape[0], 2], (0..<images.shape[0]).flatMap { _ in [0, 1] as [Float] })
  }
}
