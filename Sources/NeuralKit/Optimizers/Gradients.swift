import CKernels
import TensorKit

/// What is done to all gradients together, between the backward pass and the optimiser.
///
/// Sums run in double precision over fixed blocks, added in the order of parameters, so they have the same bits
/// for any number of threads.
package enum Gradients {
  /// The Euclidean norm over all gradients.
  package static func norm(of parameters: [Parameter]) -> Double {
    total(of: parameters) { gradient, _, count in arbex_square_sum(gradient, count) }.squareRoot()
  }

  /// The norm of every gradient times its weight.
  static func weightedNorm(of parameters: [Parameter]) -> Double {
    total(of: parameters) { arbex_scaled_square_sum($0, $1, $2) }.squareRoot()
  }

  /// Shrinks all gradients alike where their norm exceeds `limit`; gradients that are not all finite stay as they are.
  /// - Returns: the norm before.
  @discardableResult
  package static func clip(_ parameters: [Parameter], toNorm limit: Double) -> Double {
    let norm = norm(of: parameters)
    guard norm > limit, norm.isFinite else { return norm }
    let scale = Float(limit / (norm + 1e-6))
    Parallel.forEach(parameters.count) { index in
      parameters[index].gradient?.update { numbers in
        if let base = numbers.baseAddress { arbex_scale(base, base, scale, numbers.count) }
      }
    }
    return norm
  }

  /// The first trainable parameter whose gradient holds a number that is not finite, and how many there are.
  package static func firstNonFinite(in parameters: [Parameter]) -> (parameter: Parameter, count: Int)? {
    for parameter in parameters where parameter.isTrainable {
      guard let gradient = parameter.gradient, !gradient.isFinite else { continue }
      let count = gradient.nonFiniteCount
      if count > 0 { return (parameter, count) }
    }
    return nil
  }

  /// Forgets all gradients.
  package static func clear(_ parameters: [Parameter]) {
    for parameter in parameters { parameter.gradient = nil }
  }

  private static let blockSize = 1 << 16

  private static func total(
    of parameters: [Parameter], _ sum: (UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Double
  ) -> Double {
    let work = parameters.filter { $0.isTrainable && $0.gradient != nil }
    let blocks = work.flatMap { parameter in
      stride(from: 0, to: parameter.count, by: blockSize).map { (parameter, $0) }
    }
    let sums = [Double](unsafeUninitializedCapacity: blocks.count) { sums, initialized in
      let target = UnsafeMutableBufferPointer(rebasing: sums[...])
      Parallel.forEach(blocks.count) { index in
        let (parameter, start) = blocks[index]
        let count = min(blockSize, parameter.count - start)
        target[index] = 0
        parameter.gradient?.read { gradient in
          parameter.value.read { target[index] = sum(gradient + start, $0 + start, count) }
        }
      }
      initialized = blocks.count
    }
    return sums.reduce(0, +)
  }
}

extension Tensor {
  /// How many numbers are not finite.
  package var nonFiniteCount: Int {
    var count = 0
    read { count = arbex_count_nonfinite($0, self.count) }
    return count
  }
}
