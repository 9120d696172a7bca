import CKernels

extension Tensor {
  /// The same numbers in another shape; one axis may be -1 and follows from the others.
  public func reshaped(_ newShape: [Int]) -> Tensor {
    var target = newShape
    if let free = target.firstIndex(of: -1) {
      target[free] = 1
      target[free] = count / max(1, target.elementCount)
    }
    require(target.elementCount == count ? nil : ShapeIssue("reshape", "\(shape)", "\(newShape)"))
    let original = shape
    return Tensor(shape: target, storage: storage).recorded(from: [self]) { [$0.reshaped(original)] }
  }

  /// A new axis of length 1.
  public func expanded(at index: Int) -> Tensor {
    var target = shape
    target.insert(1, at: index < 0 ? index + rank + 1 : index)
    return reshaped(target)
  }

  /// The axes in another order: axis i of the result is axis `order[i]` of this tensor.
  public func permuted(_ order: [Int]) -> Tensor {
    require(
      order.sorted() == Array(0..<rank) ? nil : ShapeIssue("permute", "\(order)", "the axes of \(shape)"))
    var inverse = order
    for (place, axis) in order.enumerated() { inverse[axis] = place }
    return rearranged(order).recorded(from: [self]) { [$0.rearranged(inverse)] }
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

  /// Tensors one after another along an axis; the other axes are equal.
  public static func concatenated(_ parts: [Tensor], along index: Int) -> Tensor {
    require(parts.isEmpty ? ShapeIssue("concatenate", "nothing", "at least one tensor") : nil)
    let axis = parts[0].axis(index, "concatenate")
    for part in parts {
      var expected = parts[0].shape
      if part.rank == expected.count { expected[axis] = part.shape[axis] }
      require(part.shape == expected ? nil : ShapeIssue("concatenate", "\(part.shape)", "\(parts[0].shape)"))
    }
    let lengths = parts.map { $0.shape[axis] }
    var shape = parts[0].shape
    shape[axis] = lengths.reduce(0, +)
    let inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *),
      row = shape[axis] * inner
    let result = Tensor(uninitialized: shape)
    var start = 0
    for (part, length) in zip(parts, lengths) {
      for index in 0..<outer {
        (result.pointer + index * row + start * inner).update(
          from: part.pointer + index * length * inner, count: length * inner)
      }
      start += length
    }
    let wants = parts.map(\.isTracked)
    return result.recorded(from: parts) { gradient in
      var start = 0
      return zip(lengths, wants).map { length, wanted in
        defer { start += length }
        return wanted ? gradient.sliced(along: axis, from: start, count: length) : nil
      }
    }
  }

  /// `count` entries of an axis from `start` on.
  public func sliced(along index: Int, from start: Int, count length: Int) -> Tensor {
    let axis = axis(index, "slice")
    require(
      start >= 0 && length >= 0 && start + length <= shape[axis]
        ? nil : ShapeIssue("slice", "\(start) ..< \(start + length)", "axis \(index) of \(shape)"))
    var target = shape
    target[axis] = length
    let original = shape
    let inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *),
      row = shape[axis] * inner
    let result = Tensor(uninitialized: target)
    let source = pointer
    Parallel.forEachBlock(of: outer, size: max(1, (1 << 14) / max(1, length * inner))) { range in
      for index in range {
        (result.pointer + index * length * inner).update(
          from: source + index * row + start * inner, count: length * inner)
      }
    }
    return result.recorded(from: [self]) { gradient in
      let spread = Tensor.zeros(original)
      for index in 0..<outer {
        (spread.pointer + index * row + start * inner).update(
          from: gradient.pointer + index * length * inner, count: length * inner)
      }
      return [spread]
    }
  }

  /// Rows of the first axis, by number; a row may come twice.
  public func gathered(rows: [Int]) -> Tensor {
    let size = count / max(shape[0], 1), limit = shape[0]
    require(
      rows.allSatisfy { $0 >= 0 && $0 < limit } ? nil : ShapeIssue("gather", "rows \(rows)", "\(limit) rows"))
    let result = Tensor(uninitialized: [rows.count] + shape.dropFirst())
    for (place, row) in rows.enumerated() {
      (result.pointer + place * size).update(from: pointer + row * size, count: size)
    }
    let original = shape
    return result.recorded(from: [self]) { gradient in
      let sums = Tensor.zeros(original)
      for (place, row) in rows.enumerated() {
        arbex_add_into(sums.pointer + row * size, gradient.pointer + place * size, size)
      }
      return [sums]
    }
  }

  /// Every n-th pixel of a map, from the first on: `[N, H, W, C]` → `[N, ceil(H/n), ceil(W/n), C]`. This is
  /// "nearest" resizing by a whole factor.
  public func strided(by step: Int) -> Tensor {
    require(
      rank == 4 && step >= 1 ? nil : ShapeIssue("stride", "\(shape) by \(step)", "[N, H, W, C] by at least 1")
    )
    if step == 1 { return self }
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let (rows, columns) = ((height + step - 1) / step, (width + step - 1) / step)
    let result = Tensor(uninitialized: [shape[0], rows, columns, channels])
    let walk = { (visit: (_ large: Int, _ small: Int) -> Void, image: Int) in
      for row in 0..<rows {
        for column in 0..<columns {
          visit(
            ((image * height + row * step) * width + column * step) * channels,
            ((image * rows + row) * columns + column) * channels)
        }
      }
    }
    let source = pointer, target = result.pointer
    Parallel.forEach(shape[0]) { image in
      walk({ large, small in (target + small).update(from: source + large, count: channels) }, image)
    }
    let original = shape
    return result.recorded(from: [self]) { gradient in
      let spread = Tensor.zeros(original)
      Parallel.forEach(original[0]) { image in
        walk(
          { large, small in (spread.pointer + large).update(from: gradient.pointer + small, count: channels)
          }, image)
      }
      return [spread]
    }
  }
}
