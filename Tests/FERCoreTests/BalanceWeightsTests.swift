import FERCore
import TensorKit
import TestSupport
import Testing

@Suite("What each distribution counts in the balance")
struct BalanceWeightsTests {
  private func sample(_ primary: [Float], _ terms: [[Float]]) -> EvaluatedSample {
    let final = Tensor.balanced(
      Tensor([1, primary.count], primary), with: terms.map { Tensor([1, $0.count], $0) })
    return EvaluatedSample(id: "", label: nil, primary: primary, terms: terms, final: final.values)
  }

  /// Two classes. Both sure (C = 1): half each. The undecided term (C = 0) has no say, nor an undecided primary
  /// distribution. Of two sure terms of one mind each has half of the proposal's half.
  @Test("sure and undecided ones")
  func extremes() {
    let cases: [([Float], [[Float]], Float, [Float])] = [
      ([1, 0], [[0, 1]], 0.5, [0.5]), ([1, 0], [[0.5, 0.5]], 1, [0]), ([0.5, 0.5], [[0, 1]], 0, [1]),
      ([1, 0], [[0, 1], [0, 1]], 0.5, [0.25, 0.25]), ([1, 0], [[0, 1], [0.5, 0.5]], 0.5, [0.5, 0]),
      ([1, 0], [], 1, []),
    ]
    for (primary, terms, weight, weights) in cases {
      let found = sample(primary, terms).balanceWeights
      expectClose(
        Tensor([1 + terms.count], [found.primary] + found.terms),
        Tensor([1 + terms.count], [weight] + weights))
    }
  }

  /// The numbers of ``BalanceTests``: the terms' shares are .3216102 and .1390360 over their sum .4606462, and the
  /// proposal has .5856003 of the result: .6981718 · .5856003 = .4088496, .3018282 · .5856003 = .1767507.
  @Test("two terms and a primary distribution, by paper and pencil; the moves add up to final - primary")
  func twoTerms() {
    let row = sample([0.5, 0.3, 0.1, 0.1], [[0.7, 0.1, 0.1, 0.1], [0.4, 0.4, 0.1, 0.1]])
    let weights = row.balanceWeights
    expectClose(
      Tensor([3], [weights.primary] + weights.terms), Tensor([3], [0.4143997, 0.4088496, 0.1767507]))
    // .4088496 · (.2, -.2, 0, 0) and .1767507 · (-.1, .1, 0, 0)
    expectClose(
      Tensor([2, 4], row.moves.flatMap { $0 }),
      [
        [0.0817699, -0.0817699, 0, 0], [-0.0176751, 0.0176751, 0, 0],
      ], absolute: 1e-6)
    for label in 0..<4 {
      let sum = row.moves[0][label] + row.moves[1][label]
      #expect(abs(sum - (row.final[label] - row.primary[label])) < 1e-6)
    }
  }
}
