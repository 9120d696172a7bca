import Foundation
import TestSupport
import Testing

@testable import FERCore

/// What statsmodels and SciPy say: `Tests/Fixtures/Statistics/make.py`.
private struct Comparisons: Decodable {
  struct Answers: Decodable {
    let onlyFirst: Int
    let onlySecond: Int
    let statistic: Double
    let pValue: Double
  }
  struct Quantile: Decodable {
    let level: Double
    let degrees: Double
    let quantile: Double
  }
  struct Mean: Decodable {
    let count: Int
    let mean: Double
    let deviation: Double
    let low: Double
    let high: Double
    let pairedLow: Double
    let pairedHigh: Double
  }
  let answers: [Answers]
  let quantiles: [Quantile]
  let means: [Mean]
}

@Suite("Paired tests and intervals")
struct ComparisonTests {
  private let expected: Comparisons

  init() throws { expected = try statisticsFixture("tests", as: Comparisons.self) }

  @Test("McNemar's test is that of statsmodels, exact below 25")
  func answers() {
    #expect(expected.answers.count == 17)
    for each in expected.answers {
      let test = McNemarTest(onlyFirst: each.onlyFirst, onlySecond: each.onlySecond)
      #expect(test.isExact == (each.onlyFirst + each.onlySecond < 25))
      #expect(isClose(test.statistic, each.statistic) && isClose(test.pValue, each.pValue), "\(each)")
    }
  }

  /// 2 (1 + 3) / 2³ = 1 for 1 against 2; 2 / 2⁵ for 0 against 5.
  @Test("exact probabilities by hand")
  func byHand() {
    #expect(McNemarTest(onlyFirst: 1, onlySecond: 2).pValue == 1)
    #expect(McNemarTest(onlyFirst: 0, onlySecond: 5).pValue == 0.0625)
    #expect(McNemarTest(onlyFirst: 0, onlySecond: 0).pValue == 1)
  }

  @Test("quantiles of Student's distribution are those of SciPy, from half a degree of freedom to 10⁹")
  func quantiles() {
    #expect(expected.quantiles.count == 48)
    for each in expected.quantiles {
      let found = StudentDistribution.quantile(level: each.level, degrees: each.degrees)
      // Relative, as half a degree of freedom has quantiles of 10¹¹.
      #expect(abs(found / each.quantile - 1) < 1e-8, "\(each): \(found)")
    }
    #expect(StudentDistribution.quantile(level: 0, degrees: 3) == 0)
    #expect(StudentDistribution.quantile(level: 1, degrees: 3) == .infinity)
    #expect(StudentDistribution.quantile(level: 0.95, degrees: 0).isNaN)
  }

  @Test("means, deviations and intervals, also of differences, are those of SciPy")
  func means() throws {
    for each in expected.means {
      let first = uniform("statistics.first.\(each.count)", each.count).map(Double.init)
      let second = uniform("statistics.second.\(each.count)", each.count).map(Double.init)
      let found = MeanEstimate(first)
      #expect(found.count == each.count && isClose(found.mean, each.mean))
      #expect(isClose(found.deviation, each.deviation))
      let interval = try #require(found.interval)
      #expect(isClose(interval.lowerBound, each.low) && isClose(interval.upperBound, each.high))
      #expect(isClose(found.margin, (each.high - each.low) / 2))
      let paired = try #require(MeanEstimate(from: first, to: second).interval)
      #expect(isClose(paired.lowerBound, each.pairedLow) && isClose(paired.upperBound, each.pairedHigh))
    }
  }

  @Test("none, one, equal ones and what is not a number")
  func degenerate() {
    let none = MeanEstimate([])
    #expect(none.count == 0 && none.mean == nil && none.deviation == nil && none.interval == nil)
    let one = MeanEstimate([3])
    #expect(one.mean == 3 && one.deviation == nil && one.interval == nil && one.margin == nil)
    #expect(MeanEstimate([2, 2, 2]).interval == 2...2)
    let broken = MeanEstimate([1, .nan, .infinity])
    #expect(broken.mean?.isNaN == true && broken.deviation?.isNaN == true && broken.interval == nil)
  }

  /// Labels 0, 0, 1, 1, unknown, 2: primary 0, 1, 0, 1, 0, 0, final 1, 0, 2, 1, 1, 0.
  @Test("answers mended, broken and wrong anew, with their places")
  func changes() {
    let sample = { (label: Int?, primary: Int, final: Int) in
      let row = { (answer: Int) in (0..<3).map { $0 == answer ? Float(1) : 0 } }
      return EvaluatedSample(id: "a", label: label, primary: row(primary), terms: [], final: row(final))
    }
    let samples = [
      sample(0, 0, 1), sample(0, 1, 0), sample(1, 0, 2), sample(1, 1, 1), sample(nil, 0, 1), sample(2, 0, 0),
    ]
    let changes = EvaluatedSet(classes: ["a", "b", "c"], samples: samples).answerChanges
    #expect(changes.count == 5)
    #expect(changes.broken == [0] && changes.mended == [1] && changes.wrongAnew == [2])
    #expect(changes.test == McNemarTest(onlyFirst: 1, onlySecond: 1))
    let none = AnswerChanges(labels: [], before: [], after: [])
    #expect(none.count == 0 && none.mended.isEmpty && none.test.pValue == 1)
  }
}
