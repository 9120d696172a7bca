import Support
import FERCore

/// How a distribution over classes lies, whatever the classes: what Wasi et al. 2023, ARBEx, arXiv:2305.01486, figure 5, tell
/// of each image before and after balancing.
struct DistributionShape: Sendable, Equatable {
  /// The probability of the likeliest class.
  let maximum: Double
  /// The probability of the least likely class.
  let minimum: Double
  /// √(1/C Σ (p − 1/C)²): 0 where all classes have the same, √(C − 1) / C where one has everything.
  let deviation: Double

  /// - Precondition: a class.
  init(_ distribution: [Float]) {
    require(!distribution.isEmpty, "DistributionShape: no class")
    let values = distribution.map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    (maximum, minimum) = (values.max() ?? 0, values.min() ?? 0)
    deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }
}

/// Mean and quantiles of some numbers.
struct NumberSummary: Sendable, Equatable {
  /// Of the quantiles, from 0 to 1.
  static let levels = [0.05, 0.25, 0.5, 0.75, 0.95]

  let mean: Double
  /// One for each level; between two numbers as far as the level lies between their places (`numpy.quantile`).
  let quantiles: [Double]

  /// - Returns: nil without numbers, or where one is not finite.
  init?(_ values: [Double]) {
    guard !values.isEmpty, values.allSatisfy(\.isFinite) else { return nil }
    let sorted = values.sorted()
    mean = values.reduce(0, +) / Double(values.count)
    quantiles = Self.levels.map { level in
      let place = level * Double(sorted.count - 1)
      let below = Int(place)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
    }
  }
}
