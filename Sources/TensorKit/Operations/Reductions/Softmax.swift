import CKernels

extension Tensor {
  /// Non-negative numbers that sum to 1 along the last axis. Finite for any finite input.
  public func softmax(along axis: Int = -1) -> Tensor {
    let result = mappedRows("softmax", axis, arbex_softmax)
    return result.recorded(from: [self], as: .softmax) {
      [$0.mappedRows(with: result, arbex_softmax_gradient)]
    }
  }

  /// The logarithm of ``softmax(along:)``, computed without forming it.
  public func logSoftmax(along axis: Int = -1) -> Tensor {
    let result = mappedRows("logSoftmax", axis, arbex_log_softmax)
    return result.recorded(from: [self], as: .logSoftmax) {
      [$0.mappedRows(with: result, arbex_log_softmax_gradient)]
    }
  }

  private func mappedRows(
    _ name: String, _ axis: Int, _ loop: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int, Int) -> Void
  ) -> Tensor {
    let last = self.axis(axis, name)
    require(last == rank - 1, name, "axis \(axis)", "the last axis of \(shape)")
    let columns = shape[last]
    let result = Tensor(uninitialized: shape)
    Parallel.forEachBlock(of: count / max(columns, 1), size: max(1, (1 << 14) / max(columns, 1))) {
      loop(result.pointer + $0.lowerBound * columns, pointer + $0.lowerBound * columns, $0.count, columns)
    }
    return result
  }

  private func mappedRows(
    with other: Tensor,
    _ loop: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int, Int) -> Void
  ) -> Tensor {
    let columns = other.shape[other.rank - 1]
    let result = Tensor(uninitialized: other.shape)
    Parallel.forEachBlock(of: count / max(columns, 1), size: max(1, (1 << 14) / max(columns, 1))) {
      let start = $0.lowerBound * columns
      loop(result.pointer + start, pointer + start, other.pointer + start, $0.count, columns)
    }
    return result
  }
}
