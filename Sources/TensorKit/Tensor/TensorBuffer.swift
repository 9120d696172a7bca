/// A tensor under construction: several threads may fill it at once, each its own rows. Whoever takes the tensor must
/// know that they have all ended.
package final class TensorBuffer: @unchecked Sendable {
  private let tensor: Tensor

  /// Room for a tensor of this shape, whose first axis counts the rows. Its numbers are not set.
  package init(_ shape: [Int]) { tensor = Tensor(uninitialized: shape) }

  /// All numbers, to be written.
  package var values: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: tensor.pointer, count: tensor.count)
  }

  /// One row, to be written.
  package subscript(row: Int) -> UnsafeMutableBufferPointer<Float> {
    let rows = tensor.shape.first ?? 1
    require(row >= 0 && row < rows, "TensorBuffer", "row \(row)", "\(tensor.shape)")
    let size = tensor.count / rows
    return UnsafeMutableBufferPointer(rebasing: values[row * size..<(row + 1) * size])
  }

  /// The tensor, without copying. Nothing may be written afterwards.
  /// - Precondition: every row has been written.
  package func finished() -> Tensor { tensor }
}
