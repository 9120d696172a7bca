import Foundation

/// How one of a model's distributions does by itself, over samples whose classes are known.
package struct DistributionScore: Sendable, Equatable {
  /// "primary", a correction term's name, or "final".
  package let name: String
  /// The share of samples whose class has the largest probability.
  package let accuracy: Double
  /// The mean of −ln max(p[y], ε), ε = 1e-12.
  package let negativeLogLikelihood: Double
  /// The mean of Σ (p[c] − 1[c = y])² over the classes c, 0 at best, 2 at worst: Brier 1950.
  package let brierScore: Double
  /// ``ReliabilityDiagram/calibrationError`` of 15 bins.
  package let calibrationError: Double
  /// The mean of 1 − H/ln C.
  package let confidence: Double
  /// The standard deviation of a class's probability over the samples, the mean over the classes. 0: the same
  /// distribution for every sample.
  package let deviation: Double

  /// Nil without samples.
  init?(_ distributions: LabelledDistributions) {
    guard let calibrationError = distributions.reliability().calibrationError else { return nil }
    let (rows, labels) = (distributions.rows, distributions.labels)
    let count = Double(rows.count)
    var (surprise, distance) = (0.0, 0.0)
    var sums = [Double](repeating: 0, count: rows[0].count), squares = sums
    for (row, label) in zip(rows, labels) {
      surprise += row.surprise(at: label)
      for (place, value) in row.enumerated() {
        let error = value - (place == label ? 1 : 0)
        distance += error * error
        sums[place] += value
        squares[place] += value * value
      }
    }
    name = distributions.name
    accuracy = Double(distributions.isRight.filter { $0 }.count) / count
    negativeLogLikelihood = surprise / count
    brierScore = distance / count
    self.calibrationError = calibrationError
    confidence = distributions.confidences(.certainty).reduce(0, +) / count
    deviation =
      zip(sums, squares).reduce(0) { sum, moments in
        let variance = moments.1 / count - (moments.0 / count) * (moments.0 / count)
        return sum + (variance < 0 ? 0 : variance).squareRoot()
      } / Double(sums.count)
  }
}

extension EvaluatedSet {
  /// Those of ``distributions``.
  package var scores: [DistributionScore] { distributions.compactMap(\.score) }

  /// What is wrong with the balance, a sentence each: a term that is nearly the same for every sample, a final
  /// distribution that is worse than the primary one by more than chance brings once in twenty times.
  package func balanceProblems(_ scores: [DistributionScore]) -> [String] {
    let distributions = distributions
    guard let primary = scores.first, let final = scores.last, min(scores.count, distributions.count) > 2
    else { return [] }
    let least = max(0.1 / Double(classes.count), 0.1 * primary.deviation)
    var problems = scores.dropFirst().dropLast().filter { $0.deviation < least }.map {
      "correction \"\($0.name)\" is nearly the same for every image: its probabilities deviate by "
        + "\($0.deviation.rounded(places: 4)) over \(distributions[0].rows.count) images, those of primary by "
        + "\(primary.deviation.rounded(places: 4)); it can correct nothing"
    }
    let losses = distributions.map { each in zip(each.rows, each.labels).map { $0.surprise(at: $1) } }
    let rise = MeanEstimate(from: losses[0], to: losses[losses.count - 1])
    if let mean = rise.mean, let margin = rise.margin, mean > margin {
      problems.append(
        "final is worse than primary: NLL \(final.negativeLogLikelihood.rounded(places: 4)) against "
          + "\(primary.negativeLogLikelihood.rounded(places: 4)), \(mean.rounded(places: 4)) ± "
          + "\(margin.rounded(places: 4)) more")
    }
    let changes = answerChanges
    if changes.broken.count > changes.mended.count, changes.test.pValue < 0.05 {
      problems.append(
        "final is worse than primary: accuracy \((100 * final.accuracy).rounded(places: 2))% against "
          + "\((100 * primary.accuracy).rounded(places: 2))%; it mends \(changes.mended.count) answers and breaks "
          + "\(changes.broken.count)")
    }
    return problems
  }
}
