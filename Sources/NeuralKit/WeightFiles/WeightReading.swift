import CKernels
import Synchronization
import TensorKit

/// An array of a weight file, turned to the layout in memory.
struct ReadArray {
  let value: Tensor
  /// How many of its numbers are not finite.
  let nonFiniteCount: Int
}

extension WeightFile {
  /// What becomes of one array: outputs of `outputSize` numbers, each of which may have to be transposed.
  private struct Plan {
    let place: ArrayPlace
    let target: TensorBuffer
    let outputs: Int
    let outputSize: Int
    /// Channels and kernel positions of an output that lies `[channels, positions]` in the file and the other way
    /// round in memory; 1 channel where both are the same.
    let channels: Int

    init(_ place: ArrayPlace, for parameter: Parameter) {
      self.place = place
      target = TensorBuffer(parameter.shape)
      // The parameter's shape: the file's may have axes of length 1 more or fewer.
      let shape = parameter.fileShape
      outputs = max(1, shape.first ?? 1)
      outputSize = place.count / outputs
      let positions = shape.dropFirst(2).reduce(1, *)
      channels = parameter.isTransposed && positions > 1 ? shape[1] : 1
    }

    /// Ranges of outputs of about 64 KB: they stay in the cache between reading and turning, and `malloc` has room
    /// for them without asking the system.
    var pieces: [Range<Int>] {
      if place.strides != nil { return [0..<outputs] }
      let size = max(1, (1 << 14) / max(1, outputSize))
      return stride(from: 0, to: outputs, by: size).map { $0..<min($0 + size, outputs) }
    }
  }

  /// Reads the arrays of these names for these parameters, of whose size they must be; piece by piece, on all threads.
  func arrays(_ wanted: [(parameter: Parameter, key: String)]) throws -> [ReadArray] {
    let plans = try wanted.map { Plan(try place(of: $0.key), for: $0.parameter) }
    let pieces = plans.indices.flatMap { plan in plans[plan].pieces.map { (plan: plan, outputs: $0) } }
    let state = Mutex(
      (counts: [Int](repeating: 0, count: plans.count), failure: (piece: Int.max, error: (any Error)?.none)))
    Parallel.forEach(pieces.count) { index in
      let (plan, outputs) = pieces[index]
      let outcome = Result { try read(plans[plan], outputs) }
      state.withLock { state in
        switch outcome {
        case .success(let count): state.counts[plan] += count
        case .failure(let error): if index < state.failure.piece { state.failure = (index, error) }
        }
      }
    }
    let (counts, failure) = state.withLock { ($0.counts, $0.failure.error) }
    if let failure { throw failure }
    return zip(plans, counts).map { ReadArray(value: $0.target.finished(), nonFiniteCount: $1) }
  }

  /// Reads some outputs of an array to their place. How many of the numbers are not finite.
  private func read(_ plan: Plan, _ outputs: Range<Int>) throws -> Int {
    let (first, count) = (outputs.lowerBound * plan.outputSize, outputs.count * plan.outputSize)
    let target = UnsafeMutableBufferPointer(rebasing: plan.target.values[first..<first + count])
    guard let start = target.baseAddress, count > 0 else { return 0 }
    if plan.channels == 1 {
      try floats(of: plan.place, from: first, into: target)
    } else {
      let positions = plan.outputSize / plan.channels
      try withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { turned in
        try floats(of: plan.place, from: first, into: turned)
        guard let turned = turned.baseAddress else { return }
        for output in stride(from: 0, to: count, by: plan.outputSize) {
          arbex_transpose(start + output, plan.channels, turned + output, positions, plan.channels, positions)
        }
      }
    }
    return arbex_count_nonfinite(start, count)
  }
}
