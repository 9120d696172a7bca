import FERCore
import Foundation
import TensorKit
import TestSupport
import Testing

@Suite("Confidence and balance")
struct BalanceTests {
  /// By hand: ½ ln 2 + 0.3 ln(10/3) + 0.2 ln 10 = 1.168282; 1 − 1.168282 / ln 4 = 0.157262. Likewise the others.
  @Test("confidence is one minus the normalised entropy")
  func confidence() {
    let rows: [[Float]] = [[0.5, 0.3, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1], [0.4, 0.4, 0.1, 0.1]]
    expectClose(
      Tensor([3, 4], rows.flatMap { $0 }).confidence(), [[0.1572624], [0.3216102], [0.1390360]],
      absolute: 1e-6)
  }

  @Test("the sure are 1, the undecided 0")
  func extremes() {
    expectClose(
      Tensor([2, 4], [0, 1, 0, 0, 0.25, 0.25, 0.25, 0.25]).confidence(), [[1], [0]], absolute: 1e-6)
  }

  /// By hand, two classes: the term (1, 0) has C = 1, the primary (½, ½) has C = 0, so the term takes all.
  @Test("a sure term outweighs an undecided primary distribution")
  func sureTerm() {
    let primary = Tensor([1, 2], [0.5, 0.5])
    expectClose(Tensor.balanced(primary, with: [Tensor([1, 2], [1, 0])]), [[1, 0]], absolute: 1e-6)
    expectClose(Tensor.balanced(primary, with: []), primary)
  }

  /// With s and a as terms the shares are .3216102 and .1390360 over their sum, so the mean of the terms is
  /// (.6094516, .1905484, .1, .1); its confidence is .2222320 (H = 1.0782154). The result leans on it by
  /// .2222320 / (.2222320 + .1572624) = .5856003: .5 + .5856003 · .1094516 = .5640949, .3 − .0640949 = .2359051.
  @Test("two terms and a primary distribution, by paper and pencil")
  func twoTerms() {
    let balanced = Tensor.balanced(
      Tensor([1, 4], [0.5, 0.3, 0.1, 0.1]),
      with: [Tensor([1, 4], [0.7, 0.1, 0.1, 0.1]), Tensor([1, 4], [0.4, 0.4, 0.1, 0.1])])
    expectClose(balanced, [[0.5640949, 0.2359051, 0.1, 0.1]], absolute: 1e-6)
  }

  /// Rounding makes the confidence of a nearly uniform row about -2e-7, and shares by it are none: of 150 draws with a
  /// deviation of 3e-4, 25 once had entries below 0. A mean lies between what it is the mean of, and where no confidence
  /// is lost in rounding it is that of the equations in double precision.
  @Test(
    "the balance lies between what is balanced, however uniform that is",
    arguments: [0, 3e-5, 3e-4, 0.3, 3] as [Float])
  func nearlyUniform(deviation: Float) throws {
    for seed in 0..<150 {
      var random = RandomSource(seed: UInt64(seed), stream: "nearly uniform")
      let logits = (0..<3).map { _ in Tensor([1, 7], (0..<7).map { _ in random.normal() * deviation }) }
      let tape = Tape()
      let watched = logits.map { tape.watch($0) }
      let rows = watched.map { $0.softmax(along: -1) }
      let final = Tensor.balanced(rows[0], with: [rows[1], rows[2]])
      for row in rows { #expect((0...1).contains(row.confidence().item), "seed \(seed)") }
      let weights = BalanceWeights(primary: rows[0].values, terms: [rows[1].values, rows[2].values])
      let all = [weights.primary] + weights.terms
      #expect(all.allSatisfy { $0 >= 0 } && abs(all.reduce(0, +) - 1) < 1e-6, "seed \(seed): \(all)")
      let reference = Self.balance(rows.map { $0.values.map(Double.init) })
      for place in 0..<7 {
        let given = rows.map { $0.values[place] }
        let (low, high) = (given.min() ?? 0, given.max() ?? 0)
        let value = final.values[place]
        #expect(low - 1e-7 <= value && value <= high + 1e-7, "seed \(seed), class \(place)")
        if deviation > 0.1 { #expect(abs(Double(value) - reference[place]) < 2e-6, "seed \(seed)") }
      }
      tape.backward(from: (final * Tensor([7], (0..<7).map(Float.init))).sum())
      for input in watched {
        let gradient = try #require(tape.gradient(of: input))
        #expect(gradient.isFinite, "seed \(seed)")
      }
    }
  }

  @Test("where a probability is exactly 0 or 1, and where every class has the same, gradients stay finite")
  func gradientsAtTheEnds() throws {
    let rows: [[Float]] = [[1, 0, 0], [0, 1, 0], [1 / 3, 1 / 3, 1 / 3]]
    for first in rows {
      for second in rows {
        let tape = Tape()
        let inputs = [first, second, first].map { tape.watch(Tensor([1, 3], $0)) }
        let final = Tensor.balanced(inputs[0], with: [inputs[1], inputs[2]])
        #expect(final.isFinite)
        tape.backward(from: (final * Tensor([3], [1, -2, 3])).sum())
        for input in inputs {
          let gradient = try #require(tape.gradient(of: input))
          #expect(gradient.isFinite, "\(first), \(second)")
        }
      }
    }
  }

  /// Equations 10, 11, 18 and 19 in double precision, of the head's row and two terms'.
  private static func balance(_ rows: [[Double]]) -> [Double] {
    func confidence(_ row: [Double]) -> Double {
      1 + row.reduce(0) { $0 + $1 * log(max($1, 1e-12)) } / log(Double(row.count))
    }
    let (c1, c2) = (confidence(rows[1]), confidence(rows[2]))
    let mean = zip(rows[1], rows[2]).map { (c1 * $0 + c2 * $1) / (c1 + c2) }
    let (c, d) = (confidence(rows[0]), confidence(mean))
    return zip(rows[0], mean).map { (c * $0 + d * $1) / (c + d) }
  }

  @Test("gradients agree with central differences")
  func gradients() {
    let logits = Tensor([2, 3], [0.3, -0.5, 0.8, 1.1, 0.2, -0.4])
    let other = Tensor([2, 3], [-0.2, 0.6, 0.1, 0.9, -0.8, 0.5])
    checkGradients(at: logits) { $0.softmax(along: -1).confidence() }
    checkGradients(at: logits, other) {
      let terms = [$0[1].softmax(along: -1), ($0[1] * -0.5).softmax(along: -1)]
      return Tensor.balanced($0[0].softmax(along: -1), with: terms)
    }
  }

  @Test("the reference's values and gradients")
  func golden() throws {
    let (golden, allowed) = (try Golden("op_balance"), try Tolerance.read().ops)
    let (tape, names) = (Tape(), ["primary", "term1", "term2"])
    let inputs = names.map { tape.watch(golden.plain($0)) }
    let output = Tensor.balanced(inputs[0], with: [inputs[1], inputs[2]])
    expectRelativeNorm(output, golden.plain("output"), atMost: allowed, "balance")
    tape.backward(from: output, gradient: golden.plain("output.grad"))
    for (name, input) in zip(names, inputs) {
      let gradient = try #require(tape.gradient(of: input))
      expectRelativeNorm(gradient, golden.plain(name + ".grad"), atMost: allowed, "gradient of \(name)")
    }
  }
}
