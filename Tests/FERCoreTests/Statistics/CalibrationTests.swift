import Foundation
import TestSupport
import Testing

@testable import FERCore

/// What scikit-learn, SciPy and torchmetrics say: `Tests/Fixtures/Statistics/make.py`.
private struct Predictions: Decodable {
  struct Score: Decodable {
    let accuracy: Double
    let macroPrecision: Double
    let macroRecall: Double
    let macroF1: Double
    let negativeLogLikelihood: Double
    let brierScore: Double
    let calibrationError: Double
    let confidence: Double
    let deviation: Double
    let counts: [Int]
    let confidences: [Double]
    let accuracies: [Double]
    let coverage: [String: Curve]
  }
  struct Curve: Decodable {
    let area: Double
    let coverage: [Double]
    let accuracy: [Double]
    let threshold: [Double]
  }
  let count: Int
  let classCount: Int
  let scores: [String: Score]
}

@Suite("Scores and calibration of predictions")
struct CalibrationTests {
  @Test(
    "proper scores, calibration and coverage are those of scikit-learn, SciPy and torchmetrics",
    arguments: ["primary", "final"])
  func peers(name: String) throws {
    let fixture = try statisticsFixture("predictions", as: Predictions.self)
    let expected = try #require(fixture.scores[name])
    let labels = seededClasses("statistics.labels", fixture.count, classCount: fixture.classCount)
    let rows = seededDistributions("statistics." + name, labels: labels, classCount: fixture.classCount)
    let all = LabelledDistributions(name: name, rows: rows, labels: labels)
    let score = try #require(all.score)
    #expect(score.name == name)
    #expect(isClose(score.accuracy, expected.accuracy))
    #expect(isClose(score.negativeLogLikelihood, expected.negativeLogLikelihood))
    #expect(isClose(score.brierScore, expected.brierScore))
    #expect(isClose(score.calibrationError, expected.calibrationError))
    #expect(isClose(score.confidence, expected.confidence))
    #expect(isClose(score.deviation, expected.deviation))

    var matrix = ConfusionMatrix(classCount: fixture.classCount)
    for (row, label) in zip(rows, labels) { matrix.add(truth: label, prediction: row.firstMaximum) }
    #expect(isClose(matrix.accuracy, expected.accuracy))
    #expect(isClose(matrix.macroPrecision, expected.macroPrecision))
    #expect(isClose(matrix.macroRecall, expected.macroRecall))
    #expect(isClose(matrix.macroF1, expected.macroF1))

    let bins = all.reliability().bins
    #expect(bins.map(\.count) == expected.counts)
    for (place, bin) in bins.enumerated() {
      #expect(isClose(bin.bounds.lowerBound, Double(place) / 15, within: 1e-12))
      // torchmetrics says 0 for the means of an empty bin.
      #expect(isClose(bin.confidence, bin.count > 0 ? expected.confidences[place] : nil))
      #expect(isClose(bin.accuracy, bin.count > 0 ? expected.accuracies[place] : nil))
    }

    for (kind, key) in [
      (LabelledDistributions.Confidence.certainty, "certainty"), (.probability, "probability"),
    ] {
      let (curve, wanted) = (all.coverage(by: kind), try #require(expected.coverage[key]))
      #expect(curve.points.count == fixture.count && isClose(curve.area, wanted.area))
      for (place, coverage) in wanted.coverage.enumerated() {
        let point = curve.points[Int(Double(fixture.count) * coverage) - 1]
        #expect(isClose(point.coverage, coverage) && isClose(point.accuracy, wanted.accuracy[place]))
        #expect(isClose(point.threshold, wanted.threshold[place]))
      }
    }
  }

  /// Four bins: (0, 1/4], (1/4, 1/2] ... An edge belongs to the bin below, 0 to the first. First bin: 0 and 1/4, mean 1/8,
  /// one right, gap 3/8; second: 1/2, wrong, gap 1/2; last: 0.9 and 1, mean 0.95, both right, gap 1/20.
  /// ECE = (2 · 3/8 + 1 · 1/2 + 2 · 1/20) / 5 = 0.27.
  @Test("edges of bins, by hand")
  func edges() {
    let diagram = ReliabilityDiagram(
      confidences: [0, 0.25, 0.5, 0.9, 1], isRight: [true, false, false, true, true], binCount: 4)
    #expect(diagram.bins.map(\.count) == [2, 1, 0, 2])
    #expect(diagram.bins.map(\.accuracy) == [0.5, 0, nil, 1])
    #expect(isClose(diagram.calibrationError, 0.27, within: 1e-12))
  }

  /// Confidences 0.9 (right), 0.5 three times (one right), 0.1 (wrong). After 1, 4 and 5 answers: 1, 1/2, 2/5. Within
  /// the three a third of a right one comes with each: (1 + 1/3) / 2 = 2/3, (1 + 2/3) / 3 = 5/9, 2/4.
  /// Area (1 + 2/3 + 5/9 + 1/2 + 2/5) / 5.
  @Test("samples of one confidence are answered together, whatever their order", arguments: 0..<3)
  func ties(turn: Int) {
    let middle = [(0.5, true), (0.5, false), (0.5, false)]
    var samples = [(0.1, false)]
    samples += middle[turn...]
    samples.append((0.9, true))
    samples += middle[..<turn]
    let curve = CoverageCurve(confidences: samples.map(\.0), isRight: samples.map(\.1))
    #expect(curve.points.map(\.coverage) == [0.2, 0.8, 1])
    #expect(curve.points.map(\.accuracy) == [1, 0.5, 0.4])
    #expect(curve.points.map(\.threshold) == [0.9, 0.5, 0.1])
    #expect(isClose(curve.area, (1 + 2.0 / 3 + 5.0 / 9 + 0.5 + 0.4) / 5, within: 1e-12))
  }

  @Test("without samples there are no numbers; one class, one sample and certainty have defined ones")
  func degenerate() throws {
    let none = LabelledDistributions(name: "final", rows: [], labels: [])
    #expect(none.score == nil && none.reliability().calibrationError == nil)
    #expect(none.reliability().bins.map(\.count) == [Int](repeating: 0, count: 15))
    #expect(none.coverage().points.isEmpty && none.coverage().area == nil)

    let single = try #require(LabelledDistributions(name: "final", rows: [[1], [1]], labels: [0, 0]).score)
    #expect(single.accuracy == 1 && single.brierScore == 0 && single.calibrationError == 0)
    #expect(single.negativeLogLikelihood == 0 && single.confidence == 1 && single.deviation == 0)

    // Certain, one right and one wrong: -ln 1e-12 / 2, (0 + 2) / 2, |1/2 - 1|.
    let certain = LabelledDistributions(name: "final", rows: [[1, 0], [1, 0]], labels: [0, 1])
    let score = try #require(certain.score)
    #expect(isClose(score.negativeLogLikelihood, 6 * log(10)) && score.brierScore == 1)
    #expect(score.calibrationError == 0.5 && score.confidence == 1)
    #expect(certain.coverage().points.map(\.coverage) == [1])
  }

  @Test("what is not a number spoils the numbers made of it and nothing else")
  func notANumber() throws {
    let all = LabelledDistributions(
      name: "final", rows: [[.nan, .nan], [0.25, 0.75], [1, 0]], labels: [0, 1, 1])
    let score = try #require(all.score)
    #expect(isClose(score.accuracy, 2.0 / 3))
    #expect(score.negativeLogLikelihood.isNaN && score.brierScore.isNaN && score.calibrationError.isNaN)
    #expect(score.confidence.isNaN && score.deviation.isNaN)
    #expect(all.coverage().points.map(\.threshold).last == -.infinity)
    #expect(isClose(all.coverage().area, (0 + 1.0 / 2 + 2.0 / 3) / 3))
  }

  @Test(
    "a set has primary, terms and final; final alone where there are no terms; only samples of known classes")
  func ofSet() {
    let row = { (label: Int?) in
      EvaluatedSample(id: "a", label: label, primary: [1, 0], terms: [[0.5, 0.5]], final: [0.75, 0.25])
    }
    let full = EvaluatedSet(classes: ["a", "b"], termNames: ["anchor"], samples: [row(1), row(nil), row(0)])
    #expect(full.distributions.map(\.name) == ["primary", "anchor", "final"])
    let rows: [[[Double]]] = [
      [[1, 0], [1, 0]], [[0.5, 0.5], [0.5, 0.5]], [[0.75, 0.25], [0.75, 0.25]],
    ]
    #expect(full.distributions.map(\.rows) == rows)
    #expect(full.distributions.allSatisfy { $0.labels == [1, 0] })
    let plain = EvaluatedSet(classes: ["a", "b"], samples: [row(0)])
    #expect(plain.distributions.map(\.name) == ["final"])
    #expect(EvaluatedSet(classes: ["a", "b"], samples: [row(nil)]).distributions.isEmpty)
  }
}
