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
      return overDepth(
        a, b, into: c, stride: stride, rows: rows, columns: columns, depth: depth, accumulating: accumulating)
    }
    var rowBlock = rows >= 256 ? blockSize(rows, pieces: 8, smallest: 128) : rows
    var columnBlock =
      rowBlock < rows || columns < 256 ? columns : blockSize(columns, pieces: 8, smallest: 128)
    if rowBlock == rows, columnBlock == columns, work >= 1 << 21 {
      // Both sides are short: the longer one in two. More pieces would read the other factor too often.
      if rows >= columns {
        rowBlock = blockSize(rows, pieces: 2, smallest: 32)
      } else {
        columnBlock = blockSize(columns, pieces: 2, smallest: 32)
      }
    }
    guard rows >= 256, rowBlock < rows, BLAS.hasOwnProduct else {
      return inBlocks(
        a, b, into: c, stride: stride, rows: rows, columns: columns, depth: depth, rowBlock: rowBlock,
        columnBlock: columnBlock, accumulating: accumulating)
    }
    // All blocks of rows read the right factor: it is packed once for all.
    withScratch(BLAS.packedCount(columns: columns, depth: depth)) { packed in
      BLAS.pack(b, columns: columns, depth: depth, into: packed)
      inBlocks(
        a, BLAS.packed(packed, columns: columns, depth: depth), into: c, stride: stride, rows: rows,
        columns: columns, depth: depth, rowBlock: rowBlock, columnBlock: columns, accumulating: accumulating)
    }
  }

  private static func inBlocks(
    _ a: BLAS.Matrix, _ b: BLAS.Matrix, into c: UnsafeMutablePointer<Float>, stride: Int, rows: Int,
    columns: Int, depth: Int, rowBlock: Int, columnBlock: Int, accumulating: Bool
  ) {
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
    _ a: BLAS.Matrix, _ b: BLAS.Matrix, into c: UnsafeMutablePointer<Float>, stride: Int, rows: Int,
    columns: Int, depth: Int, accumulating: Bool
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
