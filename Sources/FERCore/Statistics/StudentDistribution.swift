import Foundation

/// Student's t distribution, of any number of degrees of freedom above 0.
///
///     P(|T| > t) = I_x(ν/2, 1/2),   x = ν / (ν + t²)
///
/// I is the regularised incomplete beta function, by its continued fraction (NIST DLMF 8.17.22). Debian's libraries that
/// have it (r-mathlib, GSL) are under the GNU GPL, which this project is not; so it is here.
enum StudentDistribution {
  /// The t that |T| stays below with probability `level`: 2.776 for 0.95 and four degrees of freedom. 0 where the level is
  /// not above 0, infinite where it is not below 1, not a number where there are no degrees of freedom.
  static func quantile(level: Double, degrees: Double) -> Double {
    guard degrees > 0, !level.isNaN else { return .nan }
    guard level > 0 else { return 0 }
    guard level < 1 else { return .infinity }
    var (low, high) = (0.0, 1.0)
    while tails(beyond: high, degrees: degrees) > 1 - level, high.isFinite { (low, high) = (high, 2 * high) }
    // Halves until no number lies between.
    while case let middle = low + (high - low) / 2, middle > low, middle < high {
      if tails(beyond: middle, degrees: degrees) > 1 - level { low = middle } else { high = middle }
    }
    return high
  }

  /// P(|T| > t).
  static func tails(beyond t: Double, degrees: Double) -> Double {
    // Both shares by themselves, so that neither loses digits.
    let (inner, outer) = (1 / (1 + t * t / degrees), 1 / (1 + degrees / (t * t)))
    return t == 0 ? 1 : incompleteBeta(inner, outer, degrees / 2)
  }

  /// I_x(a, 1/2).
  /// - Parameter y: 1 − x.
  private static func incompleteBeta(_ x: Double, _ y: Double, _ a: Double) -> Double {
    guard x > 0 else { return 0 }
    guard y > 0 else { return 1 }
    // x^a y^b / B(a, b)
    let logarithm = y < 0.5 ? log1p(-y) : log(x)
    let front = exp(a * logarithm) * y.squareRoot() * gammaRatio(a) / Double.pi.squareRoot()
    return x < (a + 1) / (a + 2.5)
      ? front / a * fraction(x, a, 0.5) : 1 - front / 0.5 * fraction(y, 0.5, a)
  }

  /// 1 / (1 + d₁ / (1 + d₂ / (1 + ...))), from the front: its value is a product of the ratios of successive
  /// numerators and denominators.
  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    var (numerators, denominators, value) = (1.0, 0.0, 1.0)
    for step in 1...100_000 {
      let m = Double(step / 2)
      let term =
        step % 2 == 0
        ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      denominators = 1 + term * denominators
      denominators = 1 / (abs(denominators) < tiny ? tiny : denominators)
      numerators = 1 + term / numerators
      numerators = abs(numerators) < tiny ? tiny : numerators
      value *= numerators * denominators
      if abs(numerators * denominators - 1) < 1e-15 { break }
    }
    return 1 / value
  }

  /// Γ(a + 1/2) / Γ(a): by its series where a is large (DLMF 5.11.13), brought there by Γ(a + 1) = a Γ(a).
  private static func gammaRatio(_ a: Double) -> Double {
    var (a, factor) = (a, 1.0)
    while a < 64 {
      factor *= a / (a + 0.5)
      a += 1
    }
    let z = 1 / a
    return factor * a.squareRoot()
      * (1 - z / 8 + z * z / 128 + 5 * z * z * z / 1024 - 21 * z * z * z * z / 32768)
  }
}
