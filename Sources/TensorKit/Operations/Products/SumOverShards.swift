import CKernels

/// How a product whose depth is the rows of a batch is summed: shard by shard, then as their tree. The cuts inside of a shard follow
/// from its own sizes.
struct SumOverShards {
  /// The depth of each shard.
  let ranges: [Range<Int>]
  private let shards: Shards?
  /// The distance from one shard's sum to the next; nil where the tree is made at once.
  private let distance: Int?

  /// - Parameter rows: the whole depth.
  /// - Parameter batch: whose rows they are.
  /// - Parameter result: where the sum goes, made by ``result(_:of:keeping:)``.
  init(_ rows: Int, of batch: Tensor, into result: Tensor) {
    guard let shards = batch.shards, let ranges = shards.rows(rows) else {
      (self.ranges, shards, distance) = ([0..<rows], nil, nil)
      return
    }
    (self.ranges, self.shards) = (ranges, shards)
    if case .shards = result.mark { distance = result.count / shards.count } else { distance = nil }
  }

  /// A tree over sums that are made already.
  init(_ shards: Shards) { (ranges, self.shards, distance) = (shards.ranges, shards, nil) }

  /// Room for a sum over a batch's rows: of `shape`, or where it is to be kept by shard, `[shards, ...]`.
  static func result(_ shape: [Int], rows: Int, of batch: Tensor, keeping: Bool) -> Tensor {
    guard keeping, let shards = batch.shards, shards.rows(rows) != nil else {
      return Tensor(uninitialized: shape)
    }
    var result = Tensor(uninitialized: [shards.count] + shape)
    result.mark = .shards(shards)
    return result
  }

  /// How many sums lie in memory at once beside the result.
  var spareCount: Int { distance == nil ? (shards?.placeCount ?? 1) - 1 : 0 }

  /// Where a shard's sum is made: in the result, or in one of ``spareCount`` spare places of `size` numbers.
  func target(
    of shard: Int, in result: UnsafeMutablePointer<Float>, or spare: UnsafeMutablePointer<Float>, size: Int
  ) -> (pointer: UnsafeMutablePointer<Float>, isSpare: Bool) {
    if let distance { return (result + shard * distance, false) }
    let place = shards?.places[shard] ?? 0
    return place == 0 ? (result, false) : (spare + (place - 1) * size, true)
  }

  /// What is to be added, by numbers of shards, once this one's sum is made.
  func additions(after shard: Int) -> [Shards.Addition] {
    distance == nil ? shards?.additions[shard] ?? [] : []
  }

  /// Sums a block of a matrix.
  /// - Parameter c: where the block begins in the result, or in the first shard's.
  /// - Parameter depth: of a shard's sum where it is a single product; nil where it is more. It may then be added at once.
  /// - Parameter make: computes a shard's sum into where it is told, rows being `stride` apart, or adds it to what is there.
  func block(
    into c: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int, depth: ((Int) -> Int)? = nil,
    _ make: (_ shard: Int, _ target: UnsafeMutablePointer<Float>, _ stride: Int, _ isAdding: Bool) -> Void
  ) {
    let size = rows * columns
    withScratch(spareCount * size) { spare in
      func place(_ shard: Int) -> (pointer: UnsafeMutablePointer<Float>, stride: Int) {
        let target = target(of: shard, in: c, or: spare, size: size)
        return (target.pointer, target.isSpare ? columns : stride)
      }
      for shard in ranges.indices {
        var due = additions(after: shard)[...]
        let isAdding = due.first?.from == shard && depth.map { BLAS.addsAtOnce(depth: $0(shard)) } ?? false
        let own = place(isAdding ? due.removeFirst().into : shard)
        make(shard, own.pointer, own.stride, isAdding)
        for addition in due {
          let (into, from) = (place(addition.into), place(addition.from))
          for row in 0..<rows {
            arbex_add_into(into.pointer + row * into.stride, from.pointer + row * from.stride, columns)
          }
        }
      }
    }
  }

  /// The same, of a product over the rows of each shard.
  func product(
    _ a: BLAS.Matrix, _ b: (_ firstRow: Int) -> BLAS.Matrix, into c: UnsafeMutablePointer<Float>, stride: Int,
    rows: Int, columns: Int
  ) {
    block(into: c, stride: stride, rows: rows, columns: columns, depth: { ranges[$0].count }) {
      shard, target, stride, isAdding in
      let range = ranges[shard]
      BLAS.multiply(
        a.advanced(row: 0, column: range.lowerBound), b(range.lowerBound), into: target, stride: stride,
        rows: rows,
        columns: columns, depth: range.count, accumulating: isAdding)
    }
  }
}

extension MatrixProduct {
  /// A B, whose depth is the rows of a batch: of `shape`, or kept by shard. What a shard adds has the bits that
  /// ``compute(_:_:into:stride:rows:columns:depth:accumulating:)`` finds for it alone.
  /// - Parameter batch: whose rows they are.
  static func overBatch(
    _ a: BLAS.Matrix, _ b: BLAS.Matrix, rows: Int, columns: Int, depth: Int, of batch: Tensor, shape: [Int],
    keeping: Bool
  ) -> Tensor {
    let result = SumOverShards.result(shape, rows: depth, of: batch, keeping: keeping)
    let sum = SumOverShards(depth, of: batch, into: result)
    if sum.ranges.count == 1 {
      compute(a, b, into: result.pointer, stride: columns, rows: rows, columns: columns, depth: depth)
    } else if rows * columns < 1 << 15 {
      byDepth(a, b, sum, into: result, rows: rows, columns: columns, depth: depth)
    } else {
      byBlock(a, b, sum, into: result, rows: rows, columns: columns, depth: depth)
    }
    return result
  }

  /// A small result: shards, and parts of long ones, are pieces of work.
  private static func byDepth(
    _ a: BLAS.Matrix, _ b: BLAS.Matrix, _ sum: SumOverShards, into result: Tensor, rows: Int, columns: Int,
    depth: Int
  ) {
    if rows * columns * depth < 1 << 18 {
      return sum.product(
        a, { b.advanced(row: $0, column: 0) }, into: result.pointer, stride: columns, rows: rows,
        columns: columns)
    }
    let parts = sum.ranges.map { range in
      let size = depthBlock(rows: rows, columns: columns, depth: range.count)
      return stride(from: range.lowerBound, to: range.upperBound, by: size).map {
        $0..<min($0 + size, range.upperBound)
      }
    }
    let pieces = Array(parts.joined()), size = rows * columns
    withScratch(pieces.count * size) { partial in
      nonisolated(unsafe) let partial = partial
      Parallel.forEach(pieces.count) {
        let range = pieces[$0]
        BLAS.multiply(
          a.advanced(row: 0, column: range.lowerBound), b.advanced(row: range.lowerBound, column: 0),
          into: partial + $0 * size, stride: columns, rows: rows, columns: columns, depth: range.count)
      }
      var next = partial
      sum.block(into: result.pointer, stride: columns, rows: rows, columns: columns) { shard, target, _, _ in
        if parts[shard].count == 1 {
          target.update(from: next, count: size)
        } else {
          arbex_fill(target, 0, size)
        }
        for _ in 0..<parts[shard].count {
          if parts[shard].count > 1 { arbex_add_into(target, next, size) }
          next += size
        }
      }
    }
  }

  /// A large result: blocks of it are pieces of work, which are cut so low that the sums of a few shards stay in the cache.
  private static func byBlock(
    _ a: BLAS.Matrix, _ b: BLAS.Matrix, _ sum: SumOverShards, into result: Tensor, rows: Int, columns: Int,
    depth: Int
  ) {
    let blocks = Blocks(rows: rows, columns: columns, depth: depth)
    withScratch(blocks.packsRight ? BLAS.packedCount(columns: columns, depth: depth) : 0) { packed in
      if blocks.packsRight { BLAS.pack(b, columns: columns, depth: depth, into: packed) }
      nonisolated(unsafe) let packed = packed
      blocks.forEach { rowRange, columnRange in
        let width = min(columnRange.count, 1024)
        let height = MatrixProduct.evenBlock(rowRange.count, atMost: (1 << 16) / width, multipleOf: 12)
        for column in stride(from: columnRange.lowerBound, to: columnRange.upperBound, by: width) {
          for row in stride(from: rowRange.lowerBound, to: rowRange.upperBound, by: height) {
            sum.product(
              a.advanced(row: row, column: 0),
              {
                blocks.packsRight
                  ? BLAS.packed(packed, columns: columns, depth: depth, from: column, row: $0)
                  : b.advanced(row: $0, column: column)
              }, into: result.pointer + row * columns + column, stride: columns,
              rows: min(height, rowRange.upperBound - row),
              columns: min(width, columnRange.upperBound - column))
          }
        }
      }
    }
  }
}
