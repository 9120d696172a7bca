/// By how much one way of training is better than another, from the numbers of several seeds each.
///
///     paired by seed   d ± t s_d / √n          the differences of each seed, n − 1 degrees of freedom
///     independent      (m₂ − m₁) ± t √(v₁ + v₂),  vᵢ = sᵢ² / nᵢ
///                      (v₁ + v₂)² / (v₁² / (n₁ − 1) + v₂² / (n₂ − 1)) degrees of freedom
///
/// Sources: Student 1908; Welch 1947, with the degrees of freedom of Satterthwaite 1946.
package struct MeanDifference: Sendable, Equatable {
  /// How the interval was made.
  package enum Method: String, Sendable {
    /// Both were trained with the same seeds: what they have in common by them cancels out.
    case pairedBySeed = "paired by seed"
    /// Welch's interval: other seeds, or other numbers of them.
    case welch = "Welch"
    /// One of both has a single number: there is a difference, and no interval.
    case none = "single runs"
  }

  /// The mean of the second minus that of the first; nil where one of them has no numbers.
  package let mean: Double?
  /// Where the true difference lies, with the probability asked for; nil where nothing can be said.
  package let interval: ClosedRange<Double>?
  /// How the interval was made.
  package let method: Method

  /// - Parameter before: the numbers of the first by seed.
  /// - Parameter after: those of the second.
  /// - Parameter level: how probable it is that the interval holds the true difference, above 0 and below 1.
  package init(from before: [UInt64: Double], to after: [UInt64: Double], level: Double = 0.95) {
    let seeds = before.keys.sorted()
    if seeds.count > 1, before.keys == after.keys {
      let paired = MeanEstimate(
        from: seeds.compactMap { before[$0] }, to: seeds.compactMap { after[$0] }, level: level)
      (mean, interval, method) = (paired.mean, paired.interval, .pairedBySeed)
      return
    }
    let (first, second) = (MeanEstimate(Array(before.values)), MeanEstimate(Array(after.values)))
    guard let low = first.mean, let high = second.mean else {
      (mean, interval, method) = (nil, nil, .none)
      return
    }
    let difference = high - low
    mean = difference
    guard let one = first.deviation, let other = second.deviation else {
      (interval, method) = (nil, .none)
      return
    }
    method = .welch
    let (v1, v2) = (one * one / Double(first.count), other * other / Double(second.count))
    let parts = v1 * v1 / Double(first.count - 1) + v2 * v2 / Double(second.count - 1)
    // Numbers without any spread leave no doubt.
    let half =
      parts > 0
      ? StudentDistribution.quantile(level: level, degrees: (v1 + v2) * (v1 + v2) / parts)
        * (v1 + v2).squareRoot() : 0
    let (bottom, top) = (difference - half, difference + half)
    interval = bottom.isFinite && top.isFinite ? bottom...top : nil
  }
}
