import Foundation
import TestSupport
import Testing

@testable import FERCore

/// What SciPy's minimiser finds: `Tests/Fixtures/Statistics/make.py`.
private struct Fits: Decodable {
  struct Fit: Decodable {
    let temperature: Double
    let negativeLogLikelihood: Double
    let calibrationError: Double
  }
  let count: Int
  let classCount: Int
  let fits: [String: Fit]
}

@Suite("Temperature scaling")
struct TemperatureTests {
  /// Every row is (4/5, 1/5), and three of four labels are the first class. The log-likelihood of q is largest at
  /// q = 3/4, so (4)^(1/T) = 3 and T = ln 4 / ln 3; were six of seven labels the first class, 4^(1/T) = 6, T = ln 4 / ln 6.
  @Test("constant probabilities of two classes: T in closed form", arguments: [(3, 4), (6, 7)])
  func closedForm(right: Int, count: Int) throws {
    let labels = (0..<count).map { $0 < right ? 0 : 1 }
    let all = LabelledDistributions(name: "final", rows: labels.map { _ in [0.8, 0.2] }, labels: labels)
    let found = try #require(all.bestTemperature)
    #expect(isClose(found, log(4) / log(Double(right) / Double(count - right)), within: 1e-12))
    let share = Double(right) / Double(count)
    #expect(all.tempered(by: found).rows.allSatisfy { isClose($0[0], share, within: 1e-12) })
    let entropy = -share * log(share) - (1 - share) * log(1 - share)
    #expect(isClose(all.tempered(by: found).score?.negativeLogLikelihood, entropy, within: 1e-12))
  }

  @Test(
    "temperature, likelihood and calibration are those of SciPy and torchmetrics",
    arguments: ["primary", "final"])
  func peers(name: String) throws {
    let fixture = try statisticsFixture("calibration", as: Fits.self)
    let expected = try #require(fixture.fits[name])
    let labels = seededClasses("statistics.labels", fixture.count, classCount: fixture.classCount)
    let rows = seededDistributions("statistics." + name, labels: labels, classCount: fixture.classCount)
    let all = LabelledDistributions(name: name, rows: rows, labels: labels)
    let found = try #require(all.bestTemperature)
    // A minimum is known to the root of what its function is.
    #expect(isClose(found, expected.temperature))
    let score = try #require(all.tempered(by: found).score)
    #expect(isClose(score.negativeLogLikelihood, expected.negativeLogLikelihood, within: 1e-9))
    #expect(isClose(score.calibrationError, expected.calibrationError))
    #expect(score.accuracy == all.score?.accuracy)
  }

  @Test("all right, all wrong, even, none, and what is not a number")
  func limits() {
    let make = { (rows: [[Double]], labels: [Int]) in
      LabelledDistributions(name: "final", rows: rows, labels: labels).bestTemperature
    }
    #expect(make([[0.6, 0.4], [0.3, 0.7]], [0, 1]) == 0.01)
    #expect(make([[0.6, 0.4], [0.3, 0.7]], [1, 0]) == 100)
    #expect(make([[1.0 / 3, 1.0 / 3, 1.0 / 3]], [2]) == 1)
    #expect(make([], []) == nil)
    #expect(make([[0.5, 0.5], [.nan, .nan]], [0, 1]) == nil)
    // A certainty that is wrong is no infinity.
    #expect((make([[1, 0], [1, 0], [1, 0]], [0, 0, 1]) ?? 0) > 1)
  }

  /// (0.5, 0.3, 0.2)^(1/2) are 0.70711, 0.54772, 0.44721, together 1.70204.
  @Test("primary and final of a row, each by its own; terms and evidence stay")
  func row() {
    var row = EvaluatedSample(
      id: "a", label: 1, primary: [0.5, 0.3, 0.2], terms: [[0.2, 0.3, 0.5]], final: [0, 0.75, 0.25])
    row.group = "p"
    let found = Temperatures(primary: 2, final: 0.5).applied(to: row)
    for (value, expected) in zip(found.primary, [0.415446, 0.321803, 0.262751] as [Float]) {
      #expect(abs(value - expected) < 1e-6)
    }
    // (9/16, 1/16) of 10/16.
    #expect(found.final == [0, 0.9, 0.1])
    #expect(found.terms == row.terms && found.group == "p" && found.label == 1 && found.id == "a")
    #expect(Temperatures(primary: 1, final: 1).applied(to: row) == row)
  }

  /// The logarithms of these lie 1.2e-7 apart; a hundredth of that is less than 32-bit floats tell apart.
  @Test("the likeliest class stays, also where rounding would make it one of two equals")
  func order() {
    let row = EvaluatedSample(
      id: "a", label: nil, primary: [0.4, Float(0.4).nextUp, 0.2], final: [0.3, 0.3, 0.4])
    let found = Temperatures(primary: 100, final: 100).applied(to: row)
    #expect(found.primaryPrediction == 1 && found.prediction == 2)
    #expect(found.primary[1] > found.primary[0])
  }
}
