import Foundation

/// How one of a model's distributions does by itself, over samples whose classes are known.
package struct DistributionScore: Sendable, Equatable {
  /// "primary", a correction term's name, or "final".
  package let name: String
  /// The share of samples whose class has the largest probability.
  package let accuracy: Double
  /// The mean of −ln max(p[y], ε), ε = 1e-12.
  package let negativeLogLikelihood: Double
  /// The mean gap between the largest probability and the share of right answers, over 15 bins of equal width, weighed
  /// by their samples: the expected calibration error of Guo et al. 2017, arXiv:1706.04599, equation 3.
  package let calibrationError: Double
  /// The mean of 1 − H/ln C.
  package let confidence: Double
  /// The standard deviation of a class's probability over the samples, the mean over the classes. 0: the same
  /// distribution for every sample.
  package let deviation: Double

  /// - Precondition: as many labels as distributions, at least one, each a class.
  init(name: String, distributions: [[Float]], labels: [Int]) {
    self.name = name
    let (count, classCount) = (Double(labels.count), distributions[0].count)
    var (right, surprise, entropy) = (0.0, 0.0, 0.0)
    var sums = [Double](repeating: 0, count: classCount), squares = sums
    var bins = [(probability: Double, right: Double)](repeating: (0, 0), count: Self.binCount)
    for (row, label) in zip(distributions, labels) {
      let answer = row.firstMaximum
      let isRight = answer == label ? 1.0 : 0
      let bin = min(Self.binCount - 1, max(0, Int(row[answer] * Float(Self.binCount))))
      bins[bin] = (bins[bin].probability + Double(row[answer]), bins[bin].right + isRight)
      right += isRight
      surprise += Self.surprise(row[label])
      for (place, value) in row.enumerated() {
        let value = Double(value)
        sums[place] += value
        squares[place] += value * value
        entropy -= value * log(max(value, 1e-12))
      }
    }
    accuracy = right / count
    negativeLogLikelihood = surprise / count
    calibrationError = bins.reduce(0) { $0 + abs($1.probability - $1.right) } / count
    confidence = classCount > 1 ? 1 - entropy / count / log(Double(classCount)) : 1
    deviation =
      zip(sums, squares).reduce(0) { sum, moments in
        sum + max(0, moments.1 / count - (moments.0 / count) * (moments.0 / count)).squareRoot()
      } / Double(classCount)
  }

  /// −ln max(p, ε).
  static func surprise(_ probability: Float) -> Double { -log(max(Double(probability), 1e-12)) }

  private static let binCount = 15
}

extension EvaluatedSet {
  /// Primary, each term and final by themselves, over the samples whose classes are known; empty without any. Without
  /// terms primary alone, which is then final too.
  package var scores: [DistributionScore] {
    let known = samples.filter { $0.label != nil }
    guard !known.isEmpty else { return [] }
    let labels = known.compactMap(\.label)
    let score = { (name: String, distribution: (EvaluatedSample) -> [Float]) in
      DistributionScore(name: name, distributions: known.map(distribution), labels: labels)
    }
    let primary = score("primary", \.primary)
    guard !termNames.isEmpty else { return [primary] }
    return [primary]
      + termNames.enumerated().map { place, name in score(name, { $0.terms[place] }) } + [
        score("final", \.final)
      ]
  }

  /// What is wrong with the balance, a sentence each: a term that is nearly the same for every sample, a final
  /// distribution that is worse than the primary one by more than chance.
  package func balanceProblems(_ scores: [DistributionScore]) -> [String] {
    guard let primary = scores.first, let final = scores.last, scores.count > 2 else { return [] }
    let known = samples.filter { $0.label != nil }
    let least = max(0.1 / Double(classes.count), 0.1 * primary.deviation)
    var problems = scores.dropFirst().dropLast().filter { $0.deviation < least }.map {
      "correction \"\($0.name)\" is nearly the same for every image: its probabilities deviate by "
        + "\($0.deviation.rounded(places: 4)) over \(known.count) images, those of primary by "
        + "\(primary.deviation.rounded(places: 4)); it can correct nothing"
    }
    var (losses, mended, broken) = ([Double](), 0, 0)
    for sample in known {
      guard let label = sample.label else { continue }
      losses.append(
        DistributionScore.surprise(sample.final[label]) - DistributionScore.surprise(sample.primary[label]))
      switch (sample.primaryPrediction == label, sample.prediction == label) {
      case (false, true): mended += 1
      case (true, false): broken += 1
      default: break
      }
    }
    // Worse by more than two standard errors of the paired difference; for answers that is McNemar's test.
    let mean = losses.reduce(0, +) / Double(losses.count)
    let variance = losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, losses.count - 1))
    let error = (variance / Double(losses.count)).squareRoot()
    if mean > 2 * error {
      problems.append(
        "final is worse than primary: NLL \(final.negativeLogLikelihood.rounded(places: 4)) against "
          + "\(primary.negativeLogLikelihood.rounded(places: 4)), \(mean.rounded(places: 4)) ± "
          + "\((2 * error).rounded(places: 4)) more")
    }
    if Double(broken - mended) > 2 * Double(broken + mended).squareRoot() {
      problems.append(
        "final is worse than primary: accuracy \((100 * final.accuracy).rounded(places: 2))% against "
          + "\((100 * primary.accuracy).rounded(places: 2))%; it mends \(mended) answers and breaks \(broken)"
      )
    }
    return problems
  }
}
