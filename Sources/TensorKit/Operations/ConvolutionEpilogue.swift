import CKernels

/// What happens to a convolution's result while it is still in the cache:
///
///     y = activation(gain · convolution + offset + addend),   activation(x) = max(x, 0) + slope · min(x, 0)
///
/// With stored statistics a batch norm is a gain and an offset, so convolution, batch norm, shortcut and
/// activation become one pass over memory. Nothing here is recorded: for evaluation and frozen parts.
public struct ConvolutionEpilogue {
  /// Per output channel, `[C]`; nil is 1.
  public var gain: Tensor?
  /// Per output channel, `[C]`; nil is 0.
  public var offset: Tensor?
  /// Of the result's shape; nil is 0.
  public var addend: Tensor?
  /// Per output channel, `[C]`; 0 makes a ReLU, nil no activation.
  public var slope: Tensor?

  /// Nothing happens.
  public init() {}

  var isEmpty: Bool { gain == nil && offset == nil && addend == nil && slope == nil }

  /// Applies it to rows of `y`, the first of which is row `first` of the whole result.
  func apply(to y: UnsafeMutablePointer<Float>, firstRow first: Int, rows: Int, columns: Int) {
    guard !isEmpty else { return }
    arbex_finish_rows(y, kernelArgument(firstRow: first, columns: columns), rows, columns)
  }

  /// For a kernel that starts at row `first` of the result.
  func kernelArgument(firstRow first: Int = 0, columns: Int = 0) -> arbex_epilogue {
    arbex_epilogue(
      gain: gain?.constant, offset: offset?.constant, addend: addend.map { $0.constant + first * columns },
      slope: slope?.constant)
  }
}

/// A batch norm's gain and offset per input channel, `[C]`, applied before a convolution; its padding stays 0.
public struct ConvolutionPrologue {
  let gain, offset: Tensor

  /// x becomes gain · x + offset.
  public init(gain: Tensor, offset: Tensor) {
    self.gain = gain
    self.offset = offset
  }
}

extension Tensor {
  fileprivate var constant: UnsafePointer<Float> { UnsafePointer(pointer) }
}
