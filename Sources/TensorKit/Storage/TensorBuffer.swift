/// A tensor under construction: several threads may fill it at once, each its own rows. Whoever takes the tensor must
/// know that they have all ended.
public final class TensorBuffer: @unchecked Sendable {
  private let tensor: Tensor

  /// Room for a tensor of this shape, whose first axis counts the rows. Its numbers are not set.
  public init(_ shape: [Int]) {
    precondition(!shape.isEmpty, "TensorBuffer: a shape without axes has no rows")
    tensor = Tensor(uninitialized: shape)
  }

  /// One row, to be written.
  public subscript(row: Int) -> UnsafeMutableBufferPointer<Float> {
    precondition(row >= 0 && row < tensor.shape[0], "TensorBuffer: row \(row) of \(tensor.shape)")
    let size = tensor.count / tensor.shape[0]
    return UnsafeMutableBufferPointer(start: tensor.pointer + row * size, count: size)
  }

  /// The tensor, without copying. Nothing may be written afterwards.
  /// - Precondition: every row has been written.
  public func finished() -> Tensor { tensor }

  /// A tensor of some of the rows, which have been written.
  public func finished(keeping rows: [Int]) -> Tensor {
    Tensor([rows.count] + tensor.shape.dropFirst()) { target in
      let size = target.count / max(1, rows.count)
      for (place, row) in rows.enumerated() {
        _ = target[place * size..<(place + 1) * size].update(fromContentsOf: self[row])
      }
    }
  }
}
