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
    return result.recorded(from: [self], as: .squareRoot) { [$0 * 0.5 / result] }
  }

  /// e to the power of every element.
  public func exp() -> Tensor {
    let result = mapped(arbex_exp)
    return result.recorded(from: [self], as: .exp) { [$0 * result] }
  }

  /// Natural logarithms.
  public func log() -> Tensor {
    let input = detached
    return mapped(arbex_log).recorded(from: [self], as: .log) { [$0 / input] }
  }

  /// 1 / (1 + e^-x)
  public func sigmoid() -> Tensor {
    let result = mapped(arbex_sigmoid)
    return result.recorded(from: [self], as: .sigmoid) { [$0 * result * (1 - result)] }
  }

  /// max(x, 0). The gradient at 0 is 0.
  public func relu() -> Tensor {
    let result = mapped(arbex_relu)
    return result.recorded(from: [self], as: .relu) { gradient in
      [gradient.mapped(with: result) { arbex_relu_gradient($0, $1, $2, $3) }]
    }
  }

  /// x Φ(x) with the normal distribution function Φ by the error function (Hendrycks and Gimpel 2016).
  public func gelu() -> Tensor {
    let input = detached
    return mapped(arbex_gelu).recorded(from: [self], as: .gelu) { gradient in
      [gradient.mapped(with: input) { arbex_gelu_gradient($0, $1, $2, $3) }]
    }
  }

  /// Hyperbolic tangents.
  public func tanh() -> Tensor {
    let result = mapped { tanhf($0) }
    return result.recorded(from: [self], as: .tanh) { [$0 * (1 - result * result)] }
  }

  /// Absolute values. The gradient at 0 is 0, as PyTorch's.
  public func abs() -> Tensor {
    let input = detached
    return mapped { Swift.abs($0) }.recorded(from: [self], as: .abs) {
      [$0 * input.mapped { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }]
    }
  }

  /// Every element to the power of a number; not a number where the element is negative and the exponent is not whole.
  /// The gradient of the power 0 is 0 everywhere; that of a power below 1 is infinite at 0.
  public func pow(_ exponent: Float) -> Tensor {
    let input = detached
    return mapped { powf($0, exponent) }.recorded(from: [self], as: .power(exponent)) {
      [exponent == 0 ? .zeros(input.shape) : $0 * input.pow(exponent - 1) * exponent]
    }
  }

  /// Every element raised to `lowest` where it is less, and lowered to `highest` where it is more. Outside the bounds the
  /// gradient is 0; inside and on a bound it passes, as in PyTorch 2.13 (2.15 stops it on a bound).
  public func clamped(min lowest: Float = -.infinity, max highest: Float = .infinity) -> Tensor {
    require(lowest <= highest, "clamp", "\(lowest) ... \(highest)", "bounds in order")
    let input = detached
    return mapped { arbex_clamp($0, $1, lowest, highest, $2) }.recorded(
      from: [self], as: .clamp(lowest: lowest, highest: highest)
    ) { gradient in
      [gradient.mapped(with: input) { arbex_clamp_gradient($0, $1, $2, lowest, highest, $3) }]
    }
  }

  /// `chosen` where `mask` is not 0, else `other`, by broadcasting; the mask is a constant. A gradient flows only to what
  /// was taken, so that an infinite number on the other side does no harm.
  ///
  /// ## Shapes
  /// mask, chosen and other: any that broadcast with each other → the broadcast shape
  public static func select(_ mask: Tensor, _ chosen: Tensor, _ other: Tensor) -> Tensor {
    let shape = broadcastShape(mask.shape, broadcastShape(chosen.shape, other.shape))
    let mask = mask.detached.broadcast(to: shape), zeros = Tensor.zeros(shape)
    func selected(_ first: Tensor, _ second: Tensor) -> Tensor {
      let result = Tensor(uninitialized: shape)
      Parallel.forEachBlock(of: result.count, size: 1 << 15) {
        for index in $0 { result.pointer[index] = (mask.pointer[index] != 0 ? first : second).pointer[index] }
      }
      return result
    }
    let (shapes, wants) = ((chosen.shape, other.shape), (chosen.isTracked, other.isTracked))
    return selected(chosen.detached.broadcast(to: shape), other.detached.broadcast(to: shape))
      .recorded(
        from: [chosen, other] + (mask.isTraced ? [mask] : []), as: .select, of: [mask, chosen, other]
      ) { gradient in
        [
          wants.0 ? selected(gradient, zeros).ofSameBatch(as: gradient).summed(to: shapes.0) : nil,
          wants.1 ? selected(zeros, gradient).ofSameBatch(as: gradient).summed(to: shapes.1) : nil,
        ]
      }
  }

  /// Each element through a function. Not recorded.
  private func mapped(_ function: (Float) -> Float) -> Tensor {
    mapped { (result: UnsafeMutablePointer<Float>, input: UnsafePointer<Float>, count: Int) in
      for index in 0..<count { result[index] = function(input[index]) }
    }
  }

  /// Each element through a loop (result, input, count). Not recorded.
  func mapped(_ loop: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void) -> Tensor {
    let result = Tensor(uninitialized: shape).ofSameBatch(as: self)
    Parallel.forEachBlock(of: count, size: 1 << 15) {
      loop(result.pointer + $0.lowerBound, pointer + $0.lowerBound, $0.count)
    }
    return result
  }

  /// A gradient's elements, each with one of `other`, through a loop (result, gradient, other, count), in place where
  /// nobody shares the gradient. Not recorded.
  mutating func mapped(
    with other: Tensor,
    _ loop: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Void
  ) -> Tensor {
    require(shape == other.shape, "gradient", "\(shape)", "\(other.shape)")
    let result = recycled()
    Parallel.forEachBlock(of: count, size: 1 << 15) {
      loop(result.pointer + $0.lowerBound, pointer + $0.lowerBound, other.pointer + $0.lowerBound, $0.count)
    }
    return result
  }
}
