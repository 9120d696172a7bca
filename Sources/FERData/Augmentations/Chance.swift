import Foundation
import TensorKit

extension RandomSource {
  /// True in `probability` of all cases. Draws one number whatever the probability.
  mutating func chance(_ probability: Float) -> Bool { uniform() < probability }

  /// Between two bounds, each value equally likely.
  mutating func uniform(_ lower: Float, _ upper: Float) -> Float { lower + (upper - lower) * uniform() }

  /// Between two positive bounds, each ratio equally likely: ½ as often as 2.
  mutating func logUniform(_ lower: Float, _ upper: Float) -> Float {
    let low = max(lower, 1e-6)
    return low * Float.pow(max(upper, low) / low, uniform())
  }
}

extension Float {
  /// `base` to the power of `exponent`.
  static func pow(_ base: Float, _ exponent: Float) -> Float { Foundation.pow(base, exponent) }

  /// The tangent of an angle.
  static func tangent(degrees: Float) -> Float { tan(degrees * .pi / 180) }
}
