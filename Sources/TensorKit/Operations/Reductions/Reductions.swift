import CKernels

extension Tensor {
  /// The sums over all but the last axis, read as rows of `columns`: `[columns]`; of the rows of a batch, those of each
  /// shard, which the tape makes one of (``folded``).
  func columnSums(_ columns: Int) -> Tensor {
    let source = pointer
    return Self.sumsOverRows(count / max(columns, 1), of: self, shape: [columns]) { sums, range in
      arbex_column_sums(sums, source + range.lowerBound * columns, range.count, columns)
    }
  }

  /// Sums over rows, of `shape`. Blocks of rows are summed one by one and then in order; of the rows of a batch, each
  /// shard's alone.
  /// - Parameter batch: whose rows they are.
  /// - Parameter add: adds a block of rows to the sums it is given.
  /// - Returns: of the rows of a batch, `[shards, ...]`, a sum that is not yet made.
  static func sumsOverRows(
    _ rows: Int, of batch: Tensor, shape: [Int], _ add: (UnsafeMutablePointer<Float>, Range<Int>) -> Void
  ) -> Tensor {
    guard let shards = batch.shards, let ranges = shards.rows(rows) else {
      let total = Tensor(uninitialized: shape)
      sums(over: [0..<rows], width: total.count, into: total.pointer, add)
      return total
    }
    var total = Tensor(uninitialized: [shards.count] + shape)
    total.mark = .shards(shards)
    sums(over: ranges, width: total.count / shards.count, into: total.pointer, add)
    return total
  }

  private static func sums(
    over ranges: [Range<Int>], width: Int, into total: UnsafeMutablePointer<Float>,
    _ add: (UnsafeMutablePointer<Float>, Range<Int>) -> Void
  ) {
    // The blocks of all ranges, and where each range's begin.
    var blocks: [Range<Int>] = [], starts: [Int] = []
    for range in ranges {
      starts.append(blocks.count)
      let size = max(64, (1 << 15) / max(width, 1), (range.count + 15) / 16)
      blocks += stride(from: range.lowerBound, to: max(range.upperBound, range.lowerBound + 1), by: size).map
      {
        $0..<min($0 + size, range.upperBound)
      }
    }
    starts.append(blocks.count)
    withScratch(blocks.count * width) { partial in
      nonisolated(unsafe) let partial = partial
      Parallel.forEach(blocks.count) { block in
        let sums = partial + block * width
        arbex_fill(sums, 0, width)
        add(sums, blocks[block])
      }
      for range in ranges.indices {
        for index in 0..<width {
          var sum = 0.0
          for block in starts[range]..<starts[range + 1] { sum += Double(partial[block * width + index]) }
          total[range * width + index] = Float(sum)
        }
      }
    }
  }

  /// The sum of everything, shape `[1]`.
  public func sum() -> Tensor {
    let source = pointer
    let result = Self.sumsOverRows(count, of: self, shape: [1]) { sums, range in
      sums[0] += arbex_sum(source + range.lowerBound, range.count)
    }.folded
    let shape = shape
    return result.recorded(
      from: [self], leavingBatch: true, as: .sum(axes: Array(shape.indices), keepsDimensions: false)
    ) { [.full(shape, $0.item)] }
  }

  /// The mean of everything, shape `[1]`.
  public func mean() -> Tensor { sum() / Float(max(count, 1)) }

  /// Sums over the named axes.
  public func sum(along axes: Int..., keepingDimensions: Bool = false) -> Tensor {
    sum(overAxes: axes, keepingDimensions: keepingDimensions)
  }

  /// Means over the named axes.
  public func mean(along axes: Int..., keepingDimensions: Bool = false) -> Tensor {
    let reduced = sum(overAxes: axes, keepingDimensions: keepingDimensions)
    return reduced / Float(max(1, count / max(reduced.count, 1)))
  }

  func sum(overAxes axes: [Int], keepingDimensions: Bool) -> Tensor {
    let axes = Set(axes.map { axis($0, "sum") })
    let kept = shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
    var result = detached
    for axis in axes.sorted(by: >) { result = result.summed(axis) }
    let original = shape
    let final =
      keepingDimensions ? kept : shape.enumerated().filter { !axes.contains($0.offset) }.map(\.element)
    return Tensor(shape: final.isEmpty ? [1] : final, storage: result.storage).recorded(
      from: [self], leavingBatch: axes.contains(0),
      as: .sum(axes: axes.sorted(), keepsDimensions: keepingDimensions)
    ) {
      [$0.reshaped(kept).broadcast(to: original)]
    }
  }

  /// One axis summed; it stays, with length 1. Not recorded.
  private func summed(_ axis: Int) -> Tensor {
    let length = shape[axis], inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *)
    var reduced = shape
    reduced[axis] = 1
    if axis == 0, inner > 1 || shards != nil { return sumOverRows(shape: reduced).folded }
    let result = Tensor(uninitialized: reduced).ofSameBatch(as: self)
    Parallel.forEachBlock(of: outer, size: max(1, (1 << 15) / max(1, length * inner))) { range in
      if inner == 1 {
        arbex_row_sums(
          result.pointer + range.lowerBound, pointer + range.lowerBound * length, range.count, length)
      } else {
        for index in range {
          arbex_fill(result.pointer + index * inner, 0, inner)
          arbex_column_sums(result.pointer + index * inner, pointer + index * length * inner, length, inner)
        }
      }
    }
    return result
  }

  /// The numbers summed down to `target`, undoing a broadcast: a gradient, and over a batch one that the tape sums.
  func summed(to target: [Int]) -> Tensor {
    if shape == target { return self }
    let missing = rank - target.count
    let axes = shape.indices.filter { $0 < missing || (target[$0 - missing] == 1 && shape[$0] != 1) }
    guard shards != nil, axes.first == 0 else {
      return sum(overAxes: axes, keepingDimensions: true).reshaped(target)
    }
    let rest = axes.count == 1 ? self : sum(overAxes: Array(axes.dropFirst()), keepingDimensions: true)
    return rest.sumOverRows(shape: target)
  }

  /// The sums over the first axis, of `shape`.
  private func sumOverRows(shape: [Int]) -> Tensor {
    let source = pointer, width = shape.elementCount
    return Self.sumsOverRows(self.shape[0], of: self, shape: shape) { sums, range in
      if width == 1 {
        sums[0] += arbex_sum(source + range.lowerBound, range.count)
      } else {
        arbex_column_sums(sums, source + range.lowerBound * width, range.count, width)
      }
    }
  }

  /// The largest value along an axis, which disappears. The gradient goes to the first of equals.
  public func maximum(along axis: Int) -> Tensor {
    extreme(along: axis, "maximum", { .maximum(axis: $0) }, >)
  }

  /// The smallest value along an axis, which disappears. The gradient goes to the first of equals.
  public func minimum(along axis: Int) -> Tensor {
    extreme(along: axis, "minimum", { .minimum(axis: $0) }, <)
  }

  /// Where the largest value of each row of the last axis is; the first of equals.
  public func argmax() -> [Int] {
    noteRead()
    let columns = shape.last ?? 1
    return extremePlaces(length: columns, inner: 1, >).enumerated().map { $1 - $0 * columns }
  }

  private func extreme(
    along index: Int, _ name: String, _ kind: (Int) -> TracedOperation, _ wins: (Float, Float) -> Bool
  ) -> Tensor {
    let axis = axis(index, name)
    var reduced = shape
    let length = reduced.remove(at: axis), inner = shape[(axis + 1)...].reduce(1, *)
    let places = extremePlaces(length: length, inner: inner, wins)
    let result = Tensor(reduced.isEmpty ? [1] : reduced) { buffer in
      for (index, place) in places.enumerated() { buffer[index] = pointer[place] }
    }
    let original = shape
    return result.recorded(from: [self], leavingBatch: axis == 0, as: kind(axis)) { gradient in
      let spread = Tensor.zeros(original)
      for (index, place) in places.enumerated() { spread.pointer[place] = gradient.pointer[index] }
      return [spread]
    }
  }

  private func extremePlaces(length: Int, inner: Int, _ wins: (Float, Float) -> Bool) -> [Int] {
    (0..<count / max(length, 1)).map { index in
      let start = index / inner * length * inner + index % inner
      var best = start
      for step in 1..<max(length, 1) where wins(pointer[start + step * inner], pointer[best]) {
        best = start + step * inner
      }
      return best
    }
  }
}
