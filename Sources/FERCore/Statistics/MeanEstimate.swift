import Support

/// What some numbers tell of the mean that they are drawn around: accuracies of several seeds, or the differences between
/// two models seed by seed or image by image.
///
///     m ± t s / √n,   t the quantile of Student's distribution with n − 1 degrees of freedom
///
/// Source: Student 1908; `scipy.stats.t.interval`.
package struct MeanEstimate: Sendable, Equatable {
  /// How many numbers there are.
  package let count: Int
  /// Their mean; nil for none, not a number where one of them is none.
  package let mean: Double?
  /// Their standard deviation, over n − 1; nil below two.
  package let deviation: Double?
  /// Where the true mean lies, with the probability asked for; nil below two numbers and where one is not finite.
  package let interval: ClosedRange<Double>?

  /// - Parameter level: how probable it is that the interval holds the true mean, above 0 and below 1.
  package init(_ values: [Double], level: Double = 0.95) {
    count = values.count
    let number = Double(values.count)
    let mean = values.reduce(0, +) / number
    self.mean = values.isEmpty ? nil : mean
    guard values.count > 1 else {
      (deviation, interval) = (nil, nil)
      return
    }
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (number - 1)).squareRoot()
    self.deviation = deviation
    let margin = StudentDistribution.quantile(level: level, degrees: number - 1) * deviation
    let half = margin / number.squareRoot()
    interval = (mean - half).isFinite && (mean + half).isFinite ? mean - half...mean + half : nil
  }

  /// What pairs tell of the mean of `after` − `before`: the same seeds, folds or images under two models.
  /// - Precondition: as many of both.
  package init(from before: [Double], to after: [Double], level: Double = 0.95) {
    require(before.count == after.count, "MeanEstimate: \(before.count) against \(after.count) numbers")
    self.init(zip(before, after).map { $1 - $0 }, level: level)
  }

  /// Half the interval's width: the number after ±.
  package var margin: Double? { interval.map { ($0.upperBound - $0.lowerBound) / 2 } }
}
