import FERCore
import Support

/// A number that results hold, and how it is told in tables.
package struct Quantity<Subject>: Sendable {
  /// As it is called in tables.
  package let name: String
  /// Whether it is a share, told in percent.
  let isShare: Bool
  let value: @Sendable (Subject) -> Double?

  /// A share, told in percent.
  static func share(_ name: String, _ value: @escaping @Sendable (Subject) -> Double?) -> Quantity {
    Quantity(name: name, isShare: true, value: value)
  }

  /// A number, told as it is.
  static func number(_ name: String, _ value: @escaping @Sendable (Subject) -> Double?) -> Quantity {
    Quantity(name: name, isShare: false, value: value)
  }

  /// The name with the unit.
  var title: String { name + (isShare ? ", %" : "") }

  private var places: Int { isShare ? 2 : 4 }
  private func scaled(_ value: Double) -> String { (isShare ? 100 * value : value).rounded(places: places) }

  /// Mean ± standard deviation, a dash where there is nothing.
  func text(_ estimate: MeanEstimate) -> String {
    guard let mean = estimate.mean else { return "–" }
    return scaled(mean) + (estimate.deviation.map { " ± " + scaled($0) } ?? "")
  }

  /// The difference with its sign, and the interval where there is one.
  func text(_ difference: MeanDifference) -> String {
    guard let mean = difference.mean else { return "–" }
    let interval = difference.interval.map { " (\(signed($0.lowerBound)) to \(signed($0.upperBound)))" } ?? ""
    return signed(mean) + interval
  }

  private func signed(_ value: Double) -> String { (value < 0 ? "" : "+") + scaled(value) }
}
