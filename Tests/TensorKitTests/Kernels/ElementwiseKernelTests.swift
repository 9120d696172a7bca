import CKernels
import Foundation
import TestSupport
import Testing

@testable import TensorKit

/// Each kind of loop that this CPU has against the definition in double precision, at lengths that vectors do and do
/// not divide. The other suites meet only the kind that the process runs.
@Suite("Element by element, every kind of kernel")
struct ElementwiseKernelTests {
  static let lengths = [1, 7, 16, 67, 1000]

  /// Every value lies within a millionth, of itself or of 1: GELU's error function is that exact, not more.
  private func compare(
    _ name: String, _ found: [Float], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let wrong = zip(found, expected).first { !(abs(Double($0) - $1) <= 1e-6 * max(1, abs($1))) }
    #expect(
      found.count == expected.count && wrong == nil, "\(name), \(found.count) values",
      sourceLocation: sourceLocation)
  }

  @Test("of one array", arguments: Kernels.best.runnable, lengths)
  func unary(kernels: Kernels, n: Int) {
    typealias Loop = (arbex_variant, UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int) -> Void
    let signed = uniform("x", n).map { 6 * $0 }, positive = signed.map { abs($0) + 0.01 }
    let cases: [(String, Loop, [Float], (Double) -> Double)] = [
      ("exp", arbex_exp_in, signed, exp),
      ("log", arbex_log_in, positive, log),
      ("sqrt", arbex_sqrt_in, positive, { $0.squareRoot() }),
      ("sigmoid", arbex_sigmoid_in, signed, { 1 / (1 + exp(-$0)) }),
      ("relu", arbex_relu_in, signed, { max($0, 0) }),
      ("gelu", arbex_gelu_in, signed, { $0 * normalCumulative($0) }),
      ("clamp", { arbex_clamp_in($0, $1, $2, -0.5, 0.5, $3) }, signed, { min(max($0, -0.5), 0.5) }),
      ("scale", { arbex_scale_in($0, $1, $2, 3, $3) }, signed, { 3 * $0 }),
      ("fill", { v, y, _, n in arbex_fill_in(v, y, 2, n) }, signed, { _ in 2 }),
    ]
    for (name, loop, x, definition) in cases {
      var y = [Float](repeating: .nan, count: n)
      loop(kernels.variant, &y, x, n)
      compare(name, y, x.map { definition(Double($0)) })
    }
  }

  @Test("exp at its ends: infinity, zero, NaN", arguments: Kernels.best.runnable)
  func exponentialLimits(kernels: Kernels) {
    let x: [Float] = [0, 1, -1, 88.7, 89, -87, -100, .infinity, -.infinity]
    var y = x
    arbex_exp_in(kernels.variant, &y, x, x.count)
    for (x, y) in zip(x, y) {
      let expected = exp(Double(x))
      #expect(
        x < -87.3 ? y == 0 : x > 88.72284 ? y == .infinity : abs(Double(y) / expected - 1) < 3e-7,
        "exp \(x) = \(y)")
    }
    var unknown = [Float.nan]
    arbex_exp_in(kernels.variant, &unknown, unknown, 1)
    #expect(unknown[0].isNaN)
    arbex_relu_in(kernels.variant, &unknown, unknown, 1)
    #expect(unknown[0].isNaN)
  }

  @Test("of several arrays", arguments: Kernels.best.runnable, lengths)
  func several(kernels: Kernels, n: Int) {
    typealias Input = UnsafePointer<Float>?
    typealias Loop = (arbex_variant, UnsafeMutablePointer<Float>?, Input, Input, Int) -> Void
    let a = uniform("a", n).map { 3 * $0 }, b = uniform("b", n).map { $0 < 0 ? $0 - 0.1 : $0 + 0.1 }
    let cases: [(String, Loop, (Double, Double) -> Double)] = [
      ("a + b", { arbex_binary_in($0, 0, $1, $2, 1, $3, 1, $4) }, { $0 + $1 }),
      ("a - b", { arbex_binary_in($0, 1, $1, $2, 1, $3, 1, $4) }, { $0 - $1 }),
      ("a * b", { arbex_binary_in($0, 2, $1, $2, 1, $3, 1, $4) }, { $0 * $1 }),
      ("a / b", { arbex_binary_in($0, 3, $1, $2, 1, $3, 1, $4) }, { $0 / $1 }),
      ("relu gradient", arbex_relu_gradient_in, { $1 > 0 ? $0 : 0 }),
      (
        "clamp gradient", { arbex_clamp_gradient_in($0, $1, $2, $3, -0.2, 0.5, $4) },
        { $1 < -0.2 || $1 > 0.5 ? 0 : $0 }
      ),
      (
        "gelu gradient", arbex_gelu_gradient_in,
        { $0 * (normalCumulative($1) + $1 * exp(-$1 * $1 / 2) / (2 * Double.pi).squareRoot()) }
      ),
    ]
    for (name, loop, definition) in cases {
      var y = [Float](repeating: .nan, count: n)
      loop(kernels.variant, &y, a, b, n)
      compare(name, y, zip(a, b).map { definition(Double($0), Double($1)) })
    }
    var (left, right, sum, scaled) = (a, a, a, a)
    arbex_binary_in(kernels.variant, 3, &left, a, 0, b, 1, n)
    compare("a[0] / b", left, b.map { Double(a[0]) / Double($0) })
    arbex_binary_in(kernels.variant, 1, &right, a, 1, b, 0, n)
    compare("a - b[0]", right, a.map { Double($0) - Double(b[0]) })
    arbex_add_into_in(kernels.variant, &sum, b, n)
    compare("add into", sum, zip(a, b).map { Double($0) + Double($1) })
    arbex_scale_add_into_in(kernels.variant, &scaled, b, 0.3, n)
    compare("scale and add into", scaled, zip(a, b).map { Double($0) + Double(Float(0.3)) * Double($1) })
  }

  @Test("optimisers and sums of squares", arguments: Kernels.best.runnable, lengths)
  func optimizers(kernels: Kernels, n: Int) {
    let v = kernels.variant
    let (value, gradient, velocity) = (uniform("value", n), uniform("gradient", n), uniform("velocity", n))
    let square = uniform("square", n).map { abs($0) + 0.01 }
    func expected(_ step: (_ value: Double, _ g: Double, _ u: Double, _ s: Double) -> Double) -> [Double] {
      (0..<n).map { step(Double(value[$0]), Double(gradient[$0]), Double(velocity[$0]), Double(square[$0])) }
    }

    var (out, first, second) = (value, velocity, square)
    let adam = arbex_adam_factors(
      stepSize: 0.25, oneMinusBeta1: 0.125, beta2: 0.75, oneMinusBeta2: 0.25, rootCorrection2: 0.5,
      epsilon: 0.0625,
      decay: 0.5, shrink: 0.875)
    arbex_adam_in(v, &out, value, gradient, &first, &second, adam, n)
    func moments(_ x: Double, _ g: Double, _ u: Double, _ s: Double) -> (m: Double, v: Double) {
      let flow = g + 0.5 * x
      return (u + 0.125 * (flow - u), 0.75 * s + 0.25 * flow * flow)
    }
    compare("first moment", first, expected { moments($0, $1, $2, $3).m })
    compare("second moment", second, expected { moments($0, $1, $2, $3).v })
    compare(
      "Adam", out,
      expected {
        let (m, v) = moments($0, $1, $2, $3)
        return 0.875 * $0 - 0.25 * m / (v.squareRoot() / 0.5 + 0.0625)
      })

    for (nesterov, isFirst) in [(0, 0), (1, 0), (0, 1)] as [(Int32, Int32)] {
      var (out, moved) = (value, velocity)
      let factors = arbex_momentum_factors(
        learningRate: 0.25, momentum: 0.5, oneMinusDampening: 0.75, decay: 0.125, nesterov: nesterov,
        isFirst: isFirst)
      arbex_momentum_in(v, &out, value, gradient, &moved, factors, n)
      compare(
        "momentum, Nesterov \(nesterov), first \(isFirst)", out,
        expected { x, g, u, _ in
          let flow = g + 0.125 * x, speed = isFirst == 1 ? flow : 0.5 * u + 0.75 * flow
          return x - 0.25 * (nesterov == 1 ? flow + 0.5 * speed : speed)
        })
    }

    var blended = value
    arbex_blend_into_in(v, &blended, gradient, 0.25, n)
    compare("blend", blended, expected { x, g, _, _ in x + 0.25 * (g - x) })
    let squares = value.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(abs(arbex_square_sum_in(v, value, n) / squares - 1) < 1e-12)
    let scaled = expected { x, g, _, _ in x * x * g * g }.reduce(0, +)
    #expect(abs(arbex_scaled_square_sum_in(v, value, gradient, n) / scaled - 1) < 1e-12)
    var broken = value
    for place in [0, n / 2, n - 1] { broken[place] = place == n / 2 ? .nan : -.infinity }
    #expect(arbex_count_nonfinite_in(v, broken, n) == Set([0, n / 2, n - 1]).count)
    #expect(arbex_count_nonfinite_in(v, value, n) == 0)
  }
}

/// P(X <= x) of a standard normal X.
private func normalCumulative(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
