import CKernels

#if canImport(Glibc)
  import Glibc
#endif

extension Tensor {
  /// Every element squared.
  public func squared() -> Tensor {
    let input = detached
    return Profile.asOne { input * input }.recorded(from: [self]) { [$0 * input * 2] }
  }

  /// Square roots. The gradient at 0 is infinite: add a small number first.
  public func squareRoot() -> Tensor {
    let result = mapped(arbex_sqrt)
    return result.recorded(from: [self]) { [$0 * 0.5 / result] }
  }

  /// e to the power of every element.
  public func exp() -> Tensor {
    let result = mapped(arbex_exp)
    return result.recorded(from: [self]) { [$0 * result] }
  }

  /// Natural logarithms.
  public func log() -> Tensor {
    let input = detached
    return mapped(arbex_log).recorded(from: [self]) { [$0 / input] }
  }

  /// 1 / (1 + e^-x)
  public func sigmoid() -> Tensor {
    let result = mapped(arbex_sigmoid)
    return result.recorded(from: [self]) { [$0 * result * (1 - result)] }
  }

  /// max(x, 0). The gradient at 0 is 0.
  public func relu() -> Tensor {
    let result = mapped(arbex_relu)
    return result.recorded(from: [self]) { gradient in
      [gradient.turned(with: result) { arbex_relu_gradient($0, $1, $2, $3) }]
    }
  }

  /// x Φ(x) with the normal distribution function Φ by the error function (Hendrycks and Gimpel 2016).
  public func gelu() -> Tensor {
    let input = detached
    return mapped(arbex_gelu).recorded(from: [self]) { gradient in
      [gradient.turned(with: input) { arbex_gelu_gradient($0, $1, $2, $3) }]
    }
  }

  /// max(x, lowest). Below `lowest` the gradient is 0.
  public func clamped(min lowest: Float) -> Tensor {
    let input = detached
    return mapped { arbex_clamp_min($0, $1, lowest, $2) }.recorded(from: [self]) { gradient in
      [gradient.turned(with: input) { arbex_clamp_min_gradient($0, $1, $2, lowest, $3) }]
    }
  }

  /// Each element through a loop (result, input, count). Not recorded.
  func mapped(_ loop: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void) -> Tensor {
    let result = Tensor(uninitialized: shape)
    Parallel.forEachBlock(of: count, size: 1 << 15) {
      loop(result.pointer + $0.lowerBound, pointer + $0.lowerBound, $0.count)
    }
    return result
  }

  /// A gradient's elements, each with one of `other`, through a loop (result, gradient, other, count), in place where
  /// nobody shares the gradient. Not recorded.
  mutating func turned(
    with other: Tensor,
    _ loop: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Void
  ) -> Tensor {
    require(shape == other.shape ? nil : ShapeIssue("gradient", "\(shape)", "\(other.shape)"))
    let result = recycled()
    Parallel.forEachBlock(of: count, size: 1 << 15) {
      loop(result.pointer + $0.lowerBound, pointer + $0.lowerBound, other.pointer + $0.lowerBound, $0.count)
    }
    return result
  }
}
