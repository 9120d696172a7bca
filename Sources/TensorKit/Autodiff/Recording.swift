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
  ///   shape, nil where the input is not tracked. Runs at most once, and only if the loss depends on the result. It
  ///   keeps ``detached`` tensors only, else tape and tensors hold each other; and no more of them than it needs, since
  ///   they live until the backward pass.
  public func recorded(
    from inputs: [Tensor], operation: StaticString = #function, work: Int = 0,
    backward: @escaping Tape.Backward
  ) -> Tensor {
    recorded(from: inputs, operation: operation, work: work, as: nil, backward: backward)
  }

  /// The same, with what a ``Trace`` is to know of it.
  /// - Parameter kind: what the operation is; nil where it is known by the operations that it was made of, if they have left
  ///   the result on the tape.
  /// - Parameter operands: what `kind` says that it works on; nil for `inputs`.
  func recorded(
    from inputs: [Tensor], operation: StaticString = #function, work: Int = 0,
    as kind: @autoclosure () -> TracedOperation?, of operands: @autoclosure () -> [Tensor]? = nil,
    backward: @escaping Tape.Backward
  ) -> Tensor {
    let label = Profile.mark(operation, work: work, factors: inputs.prefix(2).count { $0.isTracked })
    guard let tape = inputs.lazy.compactMap(\.tape).first else { return self }
    if tape.trace != nil {
      if let kind = kind() { return tape.traced(self, as: kind, of: operands() ?? inputs) }
      return isTraced ? self : tape.traced(self, as: .unknown(Profile.name(of: operation)), of: inputs)
    }
    return tape.record(self, inputs: inputs, label: label, backward: backward)
  }
}
