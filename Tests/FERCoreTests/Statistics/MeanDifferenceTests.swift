import Testing

@testable import FERCore

/// By paper and pencil, with t = 4.302 653 for two degrees of freedom and 12.706 205 for one, from a table.
@Suite("Differences of means")
struct MeanDifferenceTests {
  private func expect(
    _ found: MeanDifference, _ mean: Double, within half: Double, _ method: MeanDifference.Method
  ) {
    #expect(found.method == method)
    #expect(abs((found.mean ?? .nan) - mean) < 1e-12)
    let interval = found.interval
    #expect(abs((interval?.lowerBound ?? .nan) - (mean - half)) < 1e-5, "\(String(describing: interval))")
    #expect(abs((interval?.upperBound ?? .nan) - (mean + half)) < 1e-5, "\(String(describing: interval))")
  }

  /// Differences 0.1, 0.2, 0.1: mean 0.4/3, deviation √(0.02/3 / 2) = 0.057 735; 4.302 653 · 0.057 735 / √3 = 0.143 422.
  @Test("the same seeds are paired, in whatever order")
  func paired() {
    let found = MeanDifference(
      from: [1: 0.5, 2: 0.6, 3: 0.7], to: [3: 0.8, 1: 0.6, 2: 0.8])
    expect(found, 0.4 / 3, within: 0.143_422, .pairedBySeed)
  }

  /// Both have the variance 2 over two numbers, so v = 1 each and (1 + 1)² / (1 + 1) = 2 degrees of freedom;
  /// 4.302 653 · √2 = 6.084 870.
  @Test("other seeds: Welch")
  func welch() {
    expect(MeanDifference(from: [1: 1, 2: 3], to: [3: 5, 4: 7]), 4, within: 6.084_870, .welch)
  }

  /// v₁ = 1 over two numbers, v₂ = 0: one degree of freedom, 12.706 205 · 1.
  @Test("one side without spread; another number of seeds")
  func unequal() {
    expect(MeanDifference(from: [1: 0, 2: 2], to: [1: 4, 2: 4, 3: 4]), 3, within: 12.706_205, .welch)
    expect(MeanDifference(from: [1: 1, 2: 1], to: [3: 4, 4: 4]), 3, within: 0, .welch)
  }

  @Test("single numbers have a difference and no interval; none have neither")
  func single() {
    let found = MeanDifference(from: [1: 0.25], to: [1: 0.75, 2: 1.25])
    #expect(found.mean == 0.75 && found.interval == nil && found.method == .none)
    let nothing = MeanDifference(from: [:], to: [1: 1])
    #expect(nothing.mean == nil && nothing.interval == nil)
  }
}
