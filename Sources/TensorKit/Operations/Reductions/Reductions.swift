import CKernels

extension Tensor {
  /// The sums over all but the last axis, read as rows of `columns`: `[columns]`. Blocks of rows are summed one
  /// by one and then in order.
  func columnSums(_ columns: Int) -> Tensor {
    let source = pointer
    return Tensor([columns]) { total in
      Self.sumsOverRows(count / max(columns, 1), width: columns, into: total.baseAddress!) { sums, range in
        arbex_column_sums(sums, source + range.lowerBound * columns, range.count, columns)
      }
    }
  }

  /// Fills `total` with sums over rows. `add` adds a block of rows to the `width` sums it is given.
  static func sumsOverRows(
    _ rows: Int, width: Int, into total: UnsafeMutablePointer<Float>,
    _ add: (UnsafeMutablePointer<Float>, Range<Int>) -> Void
  ) {
    let block = max(64, (1 << 15) / max(width, 1), (rows + 63) / 64)
    let pieces = max(1, (rows + block - 1) / block)
    withScratch(pieces * width) { partial in
      Parallel.forEach(pieces) { piece in
        let sums = partial + piece * width
        arbex_fill(sums, 0, width)
        add(sums, piece * block..<min((piece + 1) * block, rows))
      }
      for index in 0..<width {
        var sum = 0.0
        for piece in 0..<pieces { sum += Double(partial[piece * width + index]) }
        total[index] = Float(sum)
      }
    }
  }

  /// The sum of everything, shape `[1]`.
  public func sum() -> Tensor {
    let result = Tensor(uninitialized: [1]), source = pointer
    Self.sumsOverRows(count, width: 1, into: result.pointer) { sums, range in
      sums[0] += arbex_sum(source + range.lowerBound, range.count)
    }
    let shape = shape
    return result.recorded(
      from: [self], as: .sum(axes: Array(shape.indices), keepsDimensions: false)
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
      from: [self], as: .sum(axes: axes.sorted(), keepsDimensions: keepingDimensions)
    ) {
      [$0.reshaped(kept).broadcast(to: original)]
    }
  }

  /// One axis summed; it stays, with length 1. Not recorded.
  private func summed(_ axis: Int) -> Tensor {
    let length = shape[axis], inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *)
    var reduced = shape
    reduced[axis] = 1
    let result = Tensor(uninitialized: reduced)
    if outer == 1 && inner > 1 {
      Self.sumsOverRows(length, width: inner, into: result.pointer) { sums, range in
        arbex_column_sums(sums, pointer + range.lowerBound * inner, range.count, inner)
      }
    } else {
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
    }
    return result
  }

  /// The numbers summed down to `target`, undoing a broadcast.
  func summed(to target: [Int]) -> Tensor {
    if shape == target { return self }
    let missing = rank - target.count
    let axes = shape.indices.filter { $0 < missing || (target[$0 - missing] == 1 && shape[$0] != 1) }
    return sum(overAxes: axes, keepingDimensions: true).reshaped(target)
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
    return result.recorded(from: [self], as: kind(axis)) { gradient in
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
