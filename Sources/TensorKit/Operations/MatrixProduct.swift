import CKernels

/// How a large matrix product is cut into pieces for threads. The cut follows from the sizes alone.
enum MatrixProduct {
  /// C = A B (`accumulating`: C += A B); A `[rows, depth]`, B `[depth, columns]`, C row-major with `stride`.
  static func compute(
    _ a: BLAS.Matrix, _ b: BLAS.Matrix, into c: UnsafeMutablePointer<Float>, stride: Int,
    rows: Int, columns: Int, depth: Int, accumulating: Bool = false
  ) {
    let work = rows * columns * depth
    if work < 1 << 18 || depth == 0 {
      return BLAS.multiply(
        a, b, into: c, stride: stride, rows: rows, columns: columns, depth: depth, accumulating: accumulating)
    }
    if rows * columns < 1 << 15, depth >= 4096 {
      return overDepth(a, b, into: c, stride, rows, columns, depth, accumulating)
    }
    let rowBlock = rows >= 256 ? blockSize(rows, pieces: 8, smallest: 128) : rows
    guard rowBlock < rows, BLAS.hasOwnProduct else {
      return inBlocks(a, b, into: c, stride, rows, columns, depth, rowBlock, accumulating)
    }
    // All blocks of rows read the right factor: it is packed once for all.
    withScratch(BLAS.packedCount(columns: columns, depth: depth)) { packed in
      BLAS.pack(b, columns: columns, depth: depth, into: packed)
      inBlocks(
        a, BLAS.packed(packed, columns: columns, depth: depth), into: c, stride, rows, columns, depth,
        rowBlock,
        accumulating)
    }
  }

  private static func inBlocks(
    _ a: BLAS.Matrix, _ b: BLAS.Matrix, into c: UnsafeMutablePointer<Float>, _ stride: Int,
    _ rows: Int, _ columns: Int, _ depth: Int, _ rowBlock: Int, _ accumulating: Bool
  ) {
    let columnBlock =
      rowBlock < rows || columns < 256 ? columns : blockSize(columns, pieces: 8, smallest: 128)
    let across = (columns + columnBlock - 1) / columnBlock
    Parallel.forEach((rows + rowBlock - 1) / rowBlock * across) { piece in
      let row = piece / across * rowBlock, column = piece % across * columnBlock
      BLAS.multiply(
        a.advanced(row: row, column: 0), across == 1 ? b : b.advanced(row: 0, column: column),
        into: c + row * stride + column, stride: stride, rows: min(rowBlock, rows - row),
        columns: min(columnBlock, columns - column), depth: depth, accumulating: accumulating)
    }
  }

  /// A small result summed over a long depth: eight partial results, then their sum in order.
  private static func overDepth(
    _ a: BLAS.Matrix, _ b: BLAS.Matrix, into c: UnsafeMutablePointer<Float>, _ stride: Int,
    _ rows: Int, _ columns: Int, _ depth: Int, _ accumulating: Bool
  ) {
    let block = blockSize(depth, pieces: 8, smallest: 512)
    let pieces = (depth + block - 1) / block
    withScratch(pieces * rows * columns) { partial in
      nonisolated(unsafe) let partial = partial
      Parallel.forEach(pieces) { piece in
        let start = piece * block
        BLAS.multiply(
          a.advanced(row: 0, column: start), b.advanced(row: start, column: 0),
          into: partial + piece * rows * columns, stride: columns, rows: rows, columns: columns,
          depth: min(block, depth - start))
      }
      for row in 0..<rows {
        let to = c + row * stride
        if !accumulating { arbex_fill(to, 0, columns) }
        for piece in 0..<pieces { arbex_add_into(to, partial + (piece * rows + row) * columns, columns) }
      }
    }
  }

  /// For few rows and a right factor that is packed already: pieces of 256 rows and an eighth of the columns.
  static func byColumns(
    _ a: BLAS.Matrix, packed b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>, rows: Int,
    columns: Int,
    depth: Int
  ) {
    let rowBlock = min(max(rows, 1), 256), columnBlock = ((columns + 7) / 8 + 31) / 32 * 32
    let across = (columns + columnBlock - 1) / columnBlock
    Parallel.forEach((rows + rowBlock - 1) / rowBlock * across) { piece in
      let row = piece / across * rowBlock, column = piece % across * columnBlock
      BLAS.multiply(
        a.advanced(row: row, column: 0), BLAS.packed(b, columns: columns, depth: depth, from: column),
        into: c + row * columns + column, stride: columns, rows: min(rowBlock, rows - row),
        columns: min(columnBlock, columns - column), depth: depth)
    }
  }

  static func blockSize(_ count: Int, pieces: Int, smallest: Int) -> Int {
    max(smallest, ((count + pieces - 1) / pieces + 15) / 16 * 16)
  }
}

extension BLAS.Matrix {
  /// The part that starts at `row`, `column` of the matrix as it is read.
  func advanced(row: Int, column: Int) -> BLAS.Matrix {
    BLAS.Matrix(
      pointer: pointer + (transposed ? column * stride + row : row * stride + column), stride: stride,
      transposed: transposed)
  }
}

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
    return result.recorded(from: [self, other], work: result.count * depth) { gradient in
      [
        wantsLeft ? gradient.matmul(right, transposingOther: !transposingOther) : nil,
        wantsRight
          ? Self.rightGradient(left, gradient, transposed: transposingOther, shape: right.shape) : nil,
      ]
    }
  }

  /// dB = Aᵀ dC, or dBᵀ = dCᵀ A; summed over the leading axes where B is one matrix for all.
  private static func rightGradient(_ left: Tensor, _ gradient: Tensor, transposed: Bool, shape: [Int])
    -> Tensor
  {
    let first = transposed ? gradient : left, second = transposed ? left : gradient
    let single = shape.count == 2
    let batch = single ? 1 : left.shape.dropLast(2).reduce(1, *)
    let depth = left.count / left.shape[left.rank - 1] / batch
    let layout = Layout(
      batch: batch, rows: first.shape[first.rank - 1], columns: second.shape[second.rank - 1], depth: depth)
    return products(first, second, layout, transposedLeft: true, shape: shape)
  }

  private struct Layout { let batch, rows, columns, depth: Int }

  private static func products(
    _ left: Tensor, _ right: Tensor, _ layout: Layout, sharedRight: Bool = false,
    transposedLeft: Bool = false,
    transposedRight: Bool = false, shape: [Int]
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

  /// y = x Wᵀ + b without a history.
  ///
  /// ## Shapes
  /// as ``linear(weight:bias:)``
  public func linear(kernel: ConvolutionKernel, bias: Tensor?, precision: Precision = .float32) -> Tensor {
    let (inputs, outputs) = (kernel.weight.shape[1], kernel.weight.shape[0])
    require(Self.linearIssue(shape, kernel.weight.shape, bias?.shape))
    let rows = count / max(inputs, 1)
    let sizes = ConvolutionShape(
      input: [1, 1, rows, inputs], weight: [outputs, 1, 1, inputs], stride: 1, padding: 0, groups: 1)
    let way: any Preparing =
      precision == .bfloat16
      ? BFloat16Convolution(linear: sizes) : PointwiseConvolution(sizes: sizes, name: "linear")
    var epilogue = ConvolutionEpilogue()
    epilogue.offset = bias?.detached
    return way.forward(detached, kernel.prepared(for: way), nil, epilogue)
      .recorded(from: [], operation: way.name, work: rows * inputs * outputs) { _ in [] }
      .reshaped(shape.dropLast() + [outputs])
  }

  private static func linearIssue(_ input: [Int], _ weight: [Int], _ bias: [Int]?) -> ShapeIssue? {
    let inputs = weight[weight.count - 1], outputs = weight.elementCount / max(inputs, 1)
    return input.last == inputs && bias ?? [outputs] == [outputs]
      ? nil : ShapeIssue("linear", "\(input)", "weight \(weight), bias \(bias ?? [])")
  }

  /// y = x Wᵀ + b.
  ///
  /// ## Shapes
  /// self `[..., in]`, weight `[out, in]`, bias `[out]` → `[..., out]`
  public func linear(weight: Tensor, bias: Tensor?) -> Tensor {
    linear(weight: weight, bias: bias, operation: "linear")
  }

  /// The same, called `operation` in a ``Profile``.
  func linear(weight: Tensor, bias: Tensor?, operation: StaticString) -> Tensor {
    require(Self.linearIssue(shape, weight.shape, bias?.shape))
    let inputs = weight.shape[weight.rank - 1], outputs = weight.count / max(inputs, 1)
    let rows = count / max(inputs, 1)
    let result = Tensor(uninitialized: shape.dropLast() + [outputs])
    MatrixProduct.compute(
      BLAS.Matrix(pointer: pointer, stride: inputs),
      BLAS.Matrix(pointer: weight.pointer, stride: inputs, transposed: true),
      into: result.pointer, stride: outputs, rows: rows, columns: outputs, depth: inputs)
    if let bias {
      Parallel.forEachBlock(of: rows, size: max(16, (1 << 15) / outputs)) {
        arbex_add_row(result.pointer + $0.lowerBound * outputs, bias.pointer, $0.count, outputs)
      }
    }
    let (input, weights) = (detached, weight.detached)
    let wants = (isTracked, weight.isTracked, bias?.isTracked ?? false)
    return result.recorded(
      from: [self, weight] + (bias.map { [$0] } ?? []), operation: operation, work: rows * inputs * outputs
    ) { gradient in
      var inputGradient: Tensor?, weightGradient: Tensor?
      let flow = BLAS.Matrix(pointer: gradient.pointer, stride: outputs)
      if wants.0 {
        let made = Tensor(uninitialized: input.shape)
        MatrixProduct.compute(
          flow, BLAS.Matrix(pointer: weights.pointer, stride: inputs), into: made.pointer, stride: inputs,
          rows: rows, columns: inputs, depth: outputs)
        inputGradient = made
      }
      if wants.1 {
        let made = Tensor(uninitialized: weights.shape)
        MatrixProduct.compute(
          BLAS.Matrix(pointer: gradient.pointer, stride: outputs, transposed: true),
          BLAS.Matrix(pointer: input.pointer, stride: inputs), into: made.pointer, stride: inputs,
          rows: outputs, columns: inputs, depth: rows)
        weightGradient = made
      }
      return [inputGradient, weightGradient, wants.2 ? gradient.columnSums(outputs) : nil]
    }
  }
}
