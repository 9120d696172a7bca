import Foundation
import Testing

@testable import FERCore

@Suite("What each distribution is worth")
struct DistributionScoreTests {
  /// Three images of class 0, one of class 1.
  private func set(primary: [[Float]], term: [[Float]], final: [[Float]]) -> EvaluatedSet {
    EvaluatedSet(
      classes: ["a", "b"], termNames: ["anchor"],
      samples: [0, 0, 0, 1].enumerated().map { place, label in
        EvaluatedSample(
          id: "\(place)", label: label, primary: primary[place], terms: [term[place]], final: final[place])
      })
  }

  private let sure: [[Float]] = [[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.2, 0.8]]
  private let even: [[Float]] = Array(repeating: [0.5, 0.5], count: 4)

  /// By hand. Three of four are right. -ln 0.9 twice, -ln 0.2, -ln 0.8. Two answers at 0.9, both right, gap 0.2 together;
  /// two at 0.8, one right, gap 0.6: 0.8 / 4. H(0.9) = 0.325083, H(0.8) = 0.500402. Both classes: 0.9, 0.9, 0.2, 0.2
  /// deviate by 0.35. The even one answers the first class: three right, -ln 0.5, gap 0.25, confidence and deviation 0.
  @Test("by hand")
  func byHand() throws {
    let scores = set(primary: sure, term: even, final: sure).scores
    #expect(scores.map(\.name) == ["primary", "anchor", "final"])
    let expected: [[Double]] = [
      [0.75, 0.510826 - 0.003434, 0.2, 1 - (0.325083 + 0.500402) / 2 / 0.693147, 0.35],
      [0.75, 0.693147, 0.25, 0, 0],
    ]
    #expect(abs(expected[0][1] - (2 * 0.105361 + 1.609438 + 0.223144) / 4) < 0.01)
    let primaryLoss = (2 * 0.1053605 + 1.6094379 + 0.2231436) / 4
    for (score, numbers) in zip(scores, [[0.75, primaryLoss] + expected[0][2...], expected[1]]) {
      let found = [
        score.accuracy, score.negativeLogLikelihood, score.calibrationError, score.confidence,
        score.deviation,
      ]
      for (value, number) in zip(found, numbers) { #expect(abs(value - number) < 1e-5, "\(score)") }
    }
  }

  @Test("a term that is the same for every image is named; a good one is not")
  func constantTerm() {
    let bad = set(primary: sure, term: even, final: sure)
    #expect(
      bad.balanceProblems(bad.scores) == [
        "correction \"anchor\" is nearly the same for every image: its probabilities deviate by 0.0000 over 4 images, "
          + "those of primary by 0.3500; it can correct nothing"
      ])
    let good = set(primary: sure, term: sure, final: sure)
    #expect(good.balanceProblems(good.scores) == [])
  }

  /// 40 images. Final is less sure of every one: NLL. It breaks 9 answers and mends 1: 8 > 2·√10; 6 and 4 are chance.
  @Test("a final that is worse than primary by more than chance is told, by likelihood and by answers")
  func worseFinal() {
    func answers(_ final: (Int) -> Float) -> [String] {
      let set = EvaluatedSet(
        classes: ["a", "b"], termNames: ["t"],
        samples: (0..<40).map { place in
          let primary: Float = place < 20 ? 0.9 : 0.4
          return EvaluatedSample(
            id: "\(place)", label: 0, primary: [primary, 1 - primary], terms: [[primary, 1 - primary]],
            final: [final(place), 1 - final(place)])
        })
      return set.balanceProblems(set.scores)
    }
    #expect(answers { $0 < 20 ? 0.9 : 0.4 } == [])
    let vague = answers { $0 < 20 ? 0.8 : 0.38 }
    #expect(vague.count == 1 && vague[0].hasPrefix("final is worse than primary: NLL"), "\(vague)")
    let broken = answers { $0 < 9 ? 0.45 : $0 < 20 ? 0.9 : $0 == 20 ? 0.6 : 0.4 }
    #expect(
      broken.last
        == "final is worse than primary: accuracy 30.00% against 50.00%; it mends 1 answers and breaks 9",
      "\(broken)")
    let chance = answers { $0 < 6 ? 0.45 : $0 < 20 ? 0.95 : $0 < 24 ? 0.6 : 0.45 }
    #expect(!chance.contains { $0.contains("accuracy") }, "\(chance)")
  }

  @Test("final alone without terms, nothing without labels")
  func nothing() {
    let sample = EvaluatedSample(id: "a", label: 0, primary: [1, 0], final: [1, 0])
    #expect(EvaluatedSet(classes: ["a", "b"], samples: [sample]).scores.map(\.name) == ["final"])
    let unknown = EvaluatedSample(id: "a", label: nil, primary: [1, 0], terms: [[1, 0]], final: [1, 0])
    #expect(EvaluatedSet(classes: ["a", "b"], termNames: ["t"], samples: [unknown]).scores.isEmpty)
  }
}
