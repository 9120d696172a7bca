extension Tensor {
  /// Matrix product over the last two axes.
  ///
  /// ## Shapes
  /// `[..., M, K]` and `[..., K, N]` (or `[..., N, K]` when `transposingOther`) → `[..., M, N]`; the leading axes
  /// are equal, or `other` is a single matrix.
  public func matmul(_ other: Tensor, transposingOther: Bool = false) -> Tensor {
    require(Self.matmulIssue(shape, other.shape, transposingOther))
    let rows = shape[rank - 2], depth = shape[rank - 1]
    let columns = other.shape[other.rank - (transposingOther ? 2 : 1)]
    let shared = other.rank == 2
    let left = self.detached, right = other.detached
    let result = Self.products(
      left, right, Layout(batch: shape.dropLast(2).reduce(1, *), rows: rows, columns: columns, depth: depth),
      sharedRight: shared, transposedRight: transposingOther, shape: shape.dropLast() + [columns])
    let (wantsLeft, wantsRight) = (isTracked, other.isTracked)
    return result.recorded(
      byShardFrom: [self, other], work: result.count * depth, as: .matmul(transposesOther: transposingOther)
    ) { gradient, isKept in
      [
        wantsLeft ? gradient.matmul(right, transposingOther: !transposingOther) : nil,
        wantsRight
          ? Self.rightGradient(
            left, gradient, transposed: transposingOther, shape: right.shape, keeping: isKept(1)) : nil,
      ]
    }
  }

  /// dB = Aᵀ dC, or dBᵀ = dCᵀ A; summed over the leading axes where B is one matrix for all.
  private static func rightGradient(
    _ left: Tensor, _ gradient: Tensor, transposed: Bool, shape: [Int], keeping: Bool
  ) -> Tensor {
    let first = transposed ? gradient : left, second = transposed ? left : gradient
    let (rows, columns) = (first.shape[first.rank - 1], second.shape[second.rank - 1])
    if shape.count == 2 {
      return MatrixProduct.overBatch(
        BLAS.Matrix(pointer: first.pointer, stride: rows, transposed: true),
        BLAS.Matrix(pointer: second.pointer, stride: columns), rows: rows, columns: columns,
        depth: first.count / rows, of: gradient, shape: shape, keeping: keeping)
    }
    let layout = Layout(
      batch: left.shape.dropLast(2).reduce(1, *), rows: rows, columns: columns,
      depth: left.shape[left.rank - 2])
    return products(first, second, layout, transposedLeft: true, shape: shape)
  }

  private struct Layout { let batch, rows, columns, depth: Int }

  private static func products(
    _ left: Tensor, _ right: Tensor, _ layout: Layout, sharedRight: Bool = false,
    transposedLeft: Bool = false, transposedRight: Bool = false, shape: [Int]
  ) -> Tensor {
    let (rows, columns, depth) = (layout.rows, layout.columns, layout.depth)
    let result = Tensor(uninitialized: shape)
    let folded = sharedRight && !transposedLeft
    let batch = folded ? 1 : layout.batch
    let foldedRows = folded ? rows * layout.batch : rows
    let multiply = { (index: Int) in
      MatrixProduct.compute(
        BLAS.Matrix(
          pointer: left.pointer + index * rows * depth, stride: transposedLeft ? rows : depth,
          transposed: transposedLeft),
        BLAS.Matrix(
          pointer: right.pointer + (sharedRight ? 0 : index * depth * columns),
          stride: transposedRight ? depth : columns, transposed: transposedRight),
        into: result.pointer + index * rows * columns, stride: columns, rows: foldedRows, columns: columns,
        depth: depth)
    }
    Parallel.forEach(batch, multiply)
    return result
  }

  static func matmulIssue(_ left: [Int], _ right: [Int], _ transposed: Bool) -> ShapeIssue? {
    let words = "\(left) times \(right)\(transposed ? " transposed" : "")"
    guard left.count >= 2, right.count >= 2 else { return ShapeIssue("matmul", words, "matrices") }
    let inner = right[right.count - (transposed ? 1 : 2)]
    let leading = right.count == 2 || left.dropLast(2) == right.dropLast(2)
    return left[left.count - 1] == inner && leading
      ? nil : ShapeIssue("matmul", words, "[..., M, K] times [..., K, N]")
  }
}
