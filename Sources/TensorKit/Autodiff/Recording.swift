extension Tensor {
  /// The result of an operation, recorded on the tape of its inputs if one of them is on a tape: what every operation
  /// ends with, ours and those of others.
  ///
  /// Compute the numbers from the inputs, then say how a gradient of the result becomes gradients of the inputs. An
  /// operation from outside, y = x · sigmoid(b x) with one b for all:
  ///
  /// ```swift
  /// func swish(_ x: Tensor, slope b: Tensor) -> Tensor {
  ///   let (input, factor) = (x.detached, b.detached)  // constants: no history is kept alive
  ///   let gate = (input * factor).sigmoid()
  ///   let (wantsInput, wantsSlope) = (x.isTracked, b.isTracked)
  ///   return (input * gate).recorded(from: [x, b]) { gradient in
  ///     let bend = gate * (1 - gate) * input
  ///     return [
  ///       wantsInput ? gradient * (gate + bend * factor) : nil,
  ///       wantsSlope ? (gradient * bend * input).sum() : nil,
  ///     ]
  ///   }
  /// }
  /// ```
  ///
  /// - Parameter inputs: what the result was made from; one that stands here twice gets the sum of both gradients.
  /// - Parameter operation: what a benchmark calls it.
  /// - Parameter work: multiply-adds of its first two inputs, for a benchmark.
  /// - Parameter backward: takes the gradient of the result, of its shape, and returns one per input, of the input's
  ///   shape, nil where the input is not tracked. Runs only if the loss depends on the result, and then once; or, where
  ///   parameters alone made the result and a batch then used it, once for each of the shards that a sum over the batch
  ///   is made of. It keeps ``detached`` tensors only, else tape and tensors hold each other; and no more of them than it
  ///   needs, since they live until the backward pass.
  public func recorded(
    from inputs: [Tensor], operation: StaticString = #function, work: Int = 0,
    backward: @escaping Tape.Backward
  ) -> Tensor {
    recorded(from: inputs, operation: operation, work: work, as: nil, backward: backward)
  }

  /// The same, with what a ``Trace`` is to know of it.
  /// - Parameter leavingBatch: whether rows of the result are no images' any more.
  /// - Parameter kind: what the operation is; nil where it is known by the operations that it was made of, if they have left
  ///   the result on the tape.
  /// - Parameter operands: what `kind` says that it works on; nil for `inputs`.
  func recorded(
    from inputs: [Tensor], operation: StaticString = #function, work: Int = 0, leavingBatch: Bool = false,
    as kind: @autoclosure () -> TracedOperation?, of operands: @autoclosure () -> [Tensor]? = nil,
    backward: @escaping Tape.Backward
  ) -> Tensor {
    recorded(
      byShardFrom: inputs, operation: operation, work: work, leavingBatch: leavingBatch, as: kind(),
      of: operands()
    ) { gradient, _ in backward(&gradient) }
  }

  /// The same of an operation with large weights. Its `backward` is told of which of them the gradient, being a sum over the
  /// batch, is wanted shard by shard: of those that are used again. Of others the finished sum takes less memory.
  func recorded(
    byShardFrom inputs: [Tensor], operation: StaticString = #function, work: Int = 0,
    leavingBatch: Bool = false,
    as kind: @autoclosure () -> TracedOperation?, of operands: @autoclosure () -> [Tensor]? = nil,
    backward: @escaping Tape.Summing
  ) -> Tensor {
    var result = self
    result.mark = leavingBatch ? .none : Self.mark(of: inputs, for: shape)
    let label = Profile.mark(operation, work: work, factors: inputs.prefix(2).count { $0.isTracked })
    guard let tape = inputs.lazy.compactMap(\.tape).first else { return result }
    if tape.trace != nil {
      if let kind = kind() { return tape.traced(self, as: kind, of: operands() ?? inputs) }
      return isTraced ? self : tape.traced(self, as: .unknown(Profile.name(of: operation)), of: inputs)
    }
    return tape.record(result, inputs: inputs, label: label, backward: backward)
  }
}
