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

  /// Puts the sums over all processes in place of one process's gradients.
  ///
  /// Small ones go together, in a bucket that is used again. One that no process has stays nil.
  /// - Parameter gradients: one for each of `parameters`, which are the same on every process.
  /// - Throws: ``CollectiveFault``
  package static func sum(
    _ gradients: inout [Tensor?], of parameters: [Parameter], over collective: any Collective
  ) throws {
    guard collective.size > 1 else { return }
    var holders = gradients.map { $0 == nil ? Float(0) : 1 }
    try holders.withUnsafeMutableBufferPointer { try collective.sum($0) }
    let bucket = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: min(bucketSize, parameters.reduce(0) { $0 + $1.count }))
    defer { bucket.deallocate() }
    var places: [(index: Int, start: Int)] = [], filled = 0
    func send() throws {
      try collective.sum(UnsafeMutableBufferPointer(rebasing: bucket[..<filled]))
      for place in places {
        gradients[place.index]?.update { numbers in
          for index in numbers.indices { numbers[index] = bucket[place.start + index] }
        }
      }
      (places, filled) = ([], 0)
    }
    for (index, parameter) in parameters.enumerated() where holders[index] > 0 {
      var gradient = gradients[index] ?? .zeros(parameter.shape)
      if parameter.count > bucketSize {
        try gradient.update { try collective.sum($0) }
        gradients[index] = gradient
        continue
      }
      if filled + parameter.count > bucketSize { try send() }
      gradient.read { numbers in
        for place in 0..<parameter.count { bucket[filled + place] = numbers[place] }
      }
      gradients[index] = gradient
      places.append((index, filled))
      filled += parameter.count
    }
    if filled > 0 { try send() }
  }

  /// Numbers of a bucket: 16 MB.
  private static let bucketSize = 1 << 22

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
