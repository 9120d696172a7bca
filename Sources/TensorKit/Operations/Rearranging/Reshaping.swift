import CKernels

extension Tensor {
  /// The same numbers in another shape; one axis may be -1 and follows from the others.
  public func reshaped(_ newShape: [Int]) -> Tensor {
    var target = newShape
    if let free = target.firstIndex(of: -1) {
      target[free] = 1
      target[free] = count / max(1, target.elementCount)
    }
    require(target.elementCount == count, "reshape", "\(shape)", "\(newShape)")
    let original = shape
    return Tensor(shape: target, storage: storage).recorded(from: [self], as: .reshape) {
      [$0.reshaped(original)]
    }
  }

  /// A new axis of length 1.
  public func expanded(at index: Int) -> Tensor {
    let place = index < 0 ? index + rank + 1 : index
    require((0...rank).contains(place), "expand", "axis \(index)", "rank of \(shape)")
    var target = shape
    target.insert(1, at: place)
    return reshaped(target)
  }

  /// The axes in another order: axis i of the result is axis `order[i]` of this tensor.
  public func permuted(_ order: [Int]) -> Tensor {
    require(order.sorted() == Array(0..<rank), "permute", "\(order)", "the axes of \(shape)")
    var inverse = order
    for (place, axis) in order.enumerated() { inverse[axis] = place }
    return rearranged(order).recorded(
      from: [self], leavingBatch: order.first != 0, as: .permute(order)
    ) { [$0.rearranged(inverse)] }
  }

  private func rearranged(_ order: [Int]) -> Tensor {
    if order == Array(0..<max(0, rank - 2)) + [rank - 1, rank - 2] { return transposed }
    // Trailing axes that stay in place are copied as one run.
    var kept = rank
    while kept > 0, order[kept - 1] == kept - 1 { kept -= 1 }
    let run = shape[kept...].reduce(1, *)
    var steps = [Int](repeating: run, count: kept)
    for axis in stride(from: kept - 2, through: 0, by: -1) { steps[axis] = steps[axis + 1] * shape[axis + 1] }
    let result = Tensor(uninitialized: order.map { shape[$0] })
    let lengths = order.prefix(kept).map { shape[$0] }, distances = order.prefix(kept).map { steps[$0] }
    let source = pointer, target = result.pointer
    Parallel.forEachBlock(of: count / max(run, 1), size: max(1, (1 << 14) / max(run, 1))) { range in
      var index = [Int](repeating: 0, count: kept)
      var rest = range.lowerBound, from = 0
      for axis in stride(from: kept - 1, through: 0, by: -1) {
        index[axis] = rest % lengths[axis]
        rest /= lengths[axis]
        from += index[axis] * distances[axis]
      }
      for place in range {
        (target + place * run).update(from: source + from, count: run)
        var axis = kept - 1
        while axis >= 0 {
          index[axis] += 1
          from += distances[axis]
          if index[axis] < lengths[axis] { break }
          from -= lengths[axis] * distances[axis]
          index[axis] = 0
          axis -= 1
        }
      }
    }
    return result
  }

  /// The last two axes exchanged.
  private var transposed: Tensor {
    let (rows, columns) = (shape[rank - 2], shape[rank - 1])
    let result = Tensor(uninitialized: shape.dropLast(2) + [columns, rows])
    let (source, target, size) = (pointer, result.pointer, rows * columns)
    let bands = (columns + 63) / 64
    Parallel.forEach(size == 0 ? 0 : count / size * bands) { piece in
      let matrix = piece / bands * size, first = piece % bands * 64
      arbex_transpose(
        target + matrix + first * rows, rows, source + matrix + first, columns, rows, min(64, columns - first)
      )
    }
    return result
  }
}
