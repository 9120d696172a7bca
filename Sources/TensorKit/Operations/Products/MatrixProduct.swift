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
    if depthBlock(rows: rows, columns: columns, depth: depth) < depth {
      return overDepth(
        a, b, into: c, stride: stride, rows: rows, columns: columns, depth: depth, accumulating: accumulating)
    }
    let blocks = Blocks(rows: rows, columns: columns, depth: depth)
    func multiply(_ b: BLAS.Matrix) {
      blocks.forEach { rows, columns in
        BLAS.multiply(
          a.advanced(row: rows.lowerBound, column: 0),
          columns.lowerBound == 0 ? b : b.advanced(row: 0, column: columns.lowerBound),
          into: c + rows.lowerBound * stride + columns.lowerBound, stride: stride, rows: rows.count,
          columns: columns.count, depth: depth, accumulating: accumulating)
      }
    }
    guard blocks.packsRight else { return multiply(b) }
    withScratch(BLAS.packedCount(columns: columns, depth: depth)) { packed in
      BLAS.pack(b, columns: columns, depth: depth, into: packed)
      multiply(BLAS.packed(packed, columns: columns, depth: depth))
    }
  }

  /// The blocks of a result that are pieces of work.
  struct Blocks {
    private let rows, columns, rowBlock, columnBlock: Int

    init(rows: Int, columns: Int, depth: Int) {
      var rowBlock = rows >= 256 ? blockSize(rows, pieces: 8, smallest: 128) : rows
      var columnBlock =
        rowBlock < rows || columns < 256 ? columns : blockSize(columns, pieces: 8, smallest: 128)
      if rowBlock == rows, columnBlock == columns, rows * columns * depth >= 1 << 21 {
        // Both sides are short: the longer one in two. More pieces would read the other factor too often.
        if rows >= columns {
          rowBlock = blockSize(rows, pieces: 2, smallest: 32)
        } else {
          columnBlock = blockSize(columns, pieces: 2, smallest: 32)
        }
      }
      (self.rows, self.columns, self.rowBlock, self.columnBlock) = (rows, columns, rowBlock, columnBlock)
    }

    /// Whether all blocks of rows read the right factor, so that it is packed once for all.
    var packsRight: Bool { rows >= 256 && rowBlock < rows && BLAS.hasOwnProduct }

    func forEach(_ body: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void) {
      let across = (columns + columnBlock - 1) / columnBlock
      Parallel.forEach((rows + rowBlock - 1) / rowBlock * across) { piece in
        let row = piece / across * rowBlock, column = piece % across * columnBlock
        body(row..<min(row + rowBlock, rows), column..<min(column + columnBlock, columns))
      }
    }
  }

  /// The parts in which a depth is summed one by one: itself, but for small results of a long one.
  static func depthBlock(rows: Int, columns: Int, depth: Int) -> Int {
    rows * columns < 1 << 15 && depth >= 4096 && rows * columns * depth >= 1 << 18
      ? blockSize(depth, pieces: 8, smallest: 512) : depth
  }

  /// A small result summed over a long depth: eight partial results, then their sum in order.
  private static func overDepth(
    _ a: BLAS.Matrix, _ b: BLAS.Matrix, into c: UnsafeMutablePointer<Float>, stride: Int, rows: Int,
    columns: Int, depth: Int, accumulating: Bool
  ) {
    let block = depthBlock(rows: rows, columns: columns, depth: depth)
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
    columns: Int, depth: Int
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

  /// The size of blocks that are nearly of one length.
  static func evenBlock(_ count: Int, atMost most: Int, multipleOf unit: Int = 1) -> Int {
    let pieces = max(1, (count + most - 1) / max(most, 1)), size = (count + pieces - 1) / pieces
    return max(1, (size + unit - 1) / unit * unit)
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
