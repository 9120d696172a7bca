import CKernels

/// What happens to a convolution's result while it is still in the cache:
///
///     y = activation(gain · convolution + offset + addend),   activation(x) = max(x, 0) + slope · min(x, 0)
///
/// With stored statistics a batch norm is a gain and an offset, so convolution, batch norm, shortcut and
/// activation become one pass over memory. Nothing here is recorded: for evaluation and frozen parts.
package struct ConvolutionEpilogue {
  /// Per output channel, `[C]`; nil is 1.
  package var gain: Tensor?
  /// Per output channel, `[C]`; nil is 0.
  package var offset: Tensor?
  /// Of the result's shape; nil is 0.
  package var addend: Tensor?
  /// Per output channel, `[C]`; 0 makes a ReLU, nil no activation.
  package var slope: Tensor?

  /// Nothing happens.
  package init() {}

  var isEmpty: Bool { gain == nil && offset == nil && addend == nil && slope == nil }

  /// Applies it to rows of `y`, the first of which is row `first` of the whole result.
  func apply(to y: UnsafeMutablePointer<Float>, firstRow first: Int, rows: Int, columns: Int) {
    guard !isEmpty else { return }
    arbex_finish_rows(y, y, kernelArgument(firstRow: first, columns: columns), rows, columns)
  }

  /// Applies it to a whole result.
  func apply(to result: Tensor) {
    guard !isEmpty else { return }
    let columns = result.shape[result.rank - 1]
    Parallel.forEachBlock(of: result.count / max(columns, 1), size: max(16, (1 << 15) / max(columns, 1))) {
      apply(
        to: result.pointer + $0.lowerBound * columns, firstRow: $0.lowerBound, rows: $0.count,
        columns: columns)
    }
  }

  /// The same behind any operation: not recorded.
  func applied(to input: Tensor) -> Tensor {
    let result = Tensor(uninitialized: input.shape), columns = input.shape[input.rank - 1]
    Parallel.forEachBlock(of: input.count / max(columns, 1), size: max(16, (1 << 15) / max(columns, 1))) {
      let start = $0.lowerBound * columns
      arbex_finish_rows(
        result.pointer + start, input.pointer + start,
        kernelArgument(firstRow: $0.lowerBound, columns: columns), $0.count, columns)
    }
    return result
  }

  /// For a kernel that starts at row `first` of the result.
  func kernelArgument(firstRow first: Int = 0, columns: Int = 0) -> arbex_epilogue {
    arbex_epilogue(
      gain: gain?.constant, offset: offset?.constant, addend: addend.map { $0.constant + first * columns },
      slope: slope?.constant)
  }
}

/// What happens to a map before a convolution reads it:
///
///     x = activation(gain · map + offset),   activation(x) = max(x, 0) + slope · min(x, 0)
///
/// each per input channel, `[C]`. The padding stays 0.
package struct ConvolutionPrologue {
  let gain, offset, slope: Tensor?

  /// - Parameter gain: and `offset`: of a batch norm, both or none of them.
  /// - Parameter slope: 0 makes a ReLU, nil no activation.
  package init(gain: Tensor? = nil, offset: Tensor? = nil, slope: Tensor? = nil) {
    (self.gain, self.offset, self.slope) = (gain?.detached, offset?.detached, slope?.detached)
  }

  /// The whole map as the convolution reads it. Not recorded.
  func applied(to map: Tensor) -> Tensor {
    var same = ConvolutionEpilogue()
    (same.gain, same.offset, same.slope) = (gain, offset, slope)
    return same.applied(to: map)
  }

  static func issue(_ prologue: ConvolutionPrologue, channels: Int) -> ShapeIssue? {
    let parts = [prologue.gain, prologue.offset, prologue.slope].compactMap { $0?.shape }
    return parts.allSatisfy { $0 == [channels] }
      ? nil : ShapeIssue("convolution", "a norm and a slope of \(parts)", "\(channels) channels")
  }

  var kernelArgument: arbex_prologue {
    arbex_prologue(gain: gain?.constant, offset: offset?.constant, slope: slope?.constant)
  }
}

extension Tensor {
  fileprivate var constant: UnsafePointer<Float> { UnsafePointer(pointer) }
}
