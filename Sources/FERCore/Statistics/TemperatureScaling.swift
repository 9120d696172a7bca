import Foundation

// Temperature scaling: one number T makes all distributions softer (T > 1) or sharper (T < 1), so that a probability is as often
// right as it says.
//
//     q[c] = p[c]^(1/T) / Σⱼ p[j]^(1/T)
//
// Where p is the softmax of logits, q is the softmax of the logits over T. The order of the classes stays, so no answer changes.
//
// Source: Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv:1706.04599, equation 9.

/// The temperatures of a model's head's distribution and of its balanced one. The distributions of correction terms have none.
package struct Temperatures: Sendable, Equatable, Codable {
  /// Of the head's distribution, and of the balanced one.
  package let primary, final: Double

  /// What a temperature may be. At the ends a distribution is nearly all on one class, or nearly even.
  package static let range = 0.01...100.0

  package init(primary: Double, final: Double) { (self.primary, self.final) = (primary, final) }

  /// What a model says of a sample, tempered. Terms and evidence stay.
  package func applied(to row: EvaluatedSample) -> EvaluatedSample {
    var row = row
    (row.primary, row.final) = (row.primary.tempered(by: primary), row.final.tempered(by: final))
    return row
  }
}

extension [Float] {
  /// The distribution p^(1/T), normalised. Rounding may make the likeliest class one of several equals; it is then one step
  /// above them, so that it stays the answer.
  fileprivate func tempered(by temperature: Double) -> [Float] {
    guard temperature != 1 else { return self }
    var result = map(Double.init).tempered(by: temperature).map(Float.init)
    let (best, found) = (firstMaximum, result.firstMaximum)
    if found != best { result[best] = result[found].nextUp }
    return result
  }
}

extension [Double] {
  /// The distribution p^(1/T), normalised.
  func tempered(by temperature: Double) -> [Double] {
    guard let top = self.max(), top > 0 else { return self }
    let weights = map { pow($0 / top, 1 / temperature) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }
}

extension LabelledDistributions {
  /// The same samples with every distribution tempered.
  package func tempered(by temperature: Double) -> LabelledDistributions {
    LabelledDistributions(name: name, rows: rows.map { $0.tempered(by: temperature) }, labels: labels)
  }

  /// The temperature within ``Temperatures/range`` of least negative log-likelihood.
  ///
  /// With β = 1/T and z = ln p the mean of ln Σⱼ exp(β z[j]) − β z[y] is convex in β, so its derivative, the mean of
  /// Σⱼ q[j] z[j] − z[y], changes its sign at most once; that place is found by halving the range of ln β until no number lies
  /// between its ends. A probability of 0 counts as the smallest normal 32-bit float.
  /// - Returns: nil without samples, or where a probability is not a number; 1 where every distribution is even.
  package var bestTemperature: Double? {
    guard !rows.isEmpty else { return nil }
    let logs = rows.map { row in
      row.map { log($0.isNaN ? $0 : Swift.max($0, Double(Float.leastNormalMagnitude))) }
    }
    let slope = { (beta: Double) -> Double in
      zip(logs, labels).reduce(0) { sum, pair in
        let (row, label) = pair
        let top = row.max() ?? 0
        var (total, weighted) = (0.0, 0.0)
        for z in row {
          let weight = exp(beta * (z - top))
          total += weight
          weighted += weight * z
        }
        return sum + weighted / total - row[label]
      } / Double(rows.count)
    }
    var (low, high) = (-log(Temperatures.range.upperBound), -log(Temperatures.range.lowerBound))
    let (first, last) = (slope(exp(low)), slope(exp(high)))
    guard first.isFinite, last.isFinite else { return nil }
    if Swift.max(abs(first), abs(last)) < 1e-12 { return 1 }
    if first >= 0 { return Temperatures.range.upperBound }
    if last <= 0 { return Temperatures.range.lowerBound }
    while true {
      let middle = (low + high) / 2
      guard low < middle, middle < high else { return exp(-middle) }
      if slope(exp(middle)) < 0 { low = middle } else { high = middle }
    }
  }
}
