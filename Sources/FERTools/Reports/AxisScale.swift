import Foundation
import Support

/// An axis: round numbers along it, and what stands beside them.
package struct AxisScale {
  /// What its numbers are.
  package enum Kind: Sendable {
    /// Anything.
    case number
    /// 0...1, told in percent.
    case share
    /// Counts, such as epochs.
    case count
  }

  /// What it spans, the second above the first.
  package let low, high: Double
  /// Round numbers within the span, in their order.
  package let ticks: [Double]
  private let kind: Kind
  private let step: Double

  /// - Parameter values: what has to have a place on it; those that are no numbers do not count.
  /// - Parameter isTight: whether it ends at the outermost values, not at the round numbers around them.
  /// - Parameter count: about how many round numbers there shall be.
  package init(
    _ values: some Sequence<Double>, _ kind: Kind = .number, isTight: Bool = false, count: Int = 5
  ) {
    let finite = values.filter(\.isFinite)
    var (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    if high - low <= max(abs(low), abs(high)) * 1e-9 {
      let room = kind == .share ? 0.01 : kind == .count ? 0.5 : low == 0 ? 1 : abs(low) / 10
      let (least, most) = kind == .share && 0...1 ~= low ? (0.0, 1.0) : (-Double.infinity, .infinity)
      (low, high) = (max(least, low - room), min(most, high + room))
    }
    let step = max(Self.round((high - low) / Double(count)), kind == .count ? 1 : 0)
    self.step = step
    let outer = ((low / step + 1e-9).rounded(.down), (high / step - 1e-9).rounded(.up))
    let inner = ((low / step - 1e-9).rounded(.up), (high / step + 1e-9).rounded(.down))
    let (first, last) = isTight ? inner : outer
    (self.low, self.high, self.kind) = isTight ? (low, high, kind) : (first * step, last * step, kind)
    ticks = last - first < 100 ? stride(from: first, through: last, by: 1).map { $0 * step } : []
  }

  /// The next of 1, 2, 5, 10, 20 ... times a power of ten.
  private static func round(_ raw: Double) -> Double {
    guard raw > 0, raw.isFinite else { return 1 }
    let power = pow(10, log10(raw).rounded(.down))
    return power * ([1, 2, 5].first { $0 * power >= raw * (1 - 1e-9) } ?? 10)
  }

  /// Where a value lies between both ends, 0...1.
  package func position(_ value: Double) -> Double { (value - low) / (high - low) }

  /// What stands beside a value: with as many digits as the round numbers need, large and small ones as powers of ten.
  package func label(_ value: Double) -> String {
    let (value, step) = kind == .share ? (100 * value, 100 * step) : (value, step)
    let unit = kind == .share ? " %" : ""
    let largest = max(abs(low), abs(high))
    // What is 0 but for rounding has no sign.
    let exact = abs(value) < step / 1e3 ? 0 : value
    if kind == .number, largest >= 1e6 || step < 1e-4 { return exact == 0 ? "0" : Self.power(exact) }
    let digits = (-log10(step * (1 + 1e-9))).rounded(.up)
    return exact.rounded(places: max(0, Int(digits))) + unit
  }

  /// 2e-4, 1.5e7
  private static func power(_ value: Double) -> String {
    let exponent = Int((log10(abs(value)) + 1e-9).rounded(.down))
    let mantissa = (value / pow(10, Double(exponent))).rounded(places: 2)
    let digits = mantissa.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()
    return String(digits) + "e\(exponent)"
  }
}
