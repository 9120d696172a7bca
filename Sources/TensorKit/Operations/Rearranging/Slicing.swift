import CKernels

extension Tensor {
  /// Tensors one after another along an axis; the other axes are equal.
  public static func concatenated(_ parts: [Tensor], along index: Int) -> Tensor {
    require(!parts.isEmpty, "concatenate", "nothing", "at least one tensor")
    let axis = parts[0].axis(index, "concatenate")
    for part in parts {
      var expected = parts[0].shape
      if part.rank == expected.count { expected[axis] = part.shape[axis] }
      require(part.shape == expected, "concatenate", "\(part.shape)", "\(parts[0].shape)")
    }
    let lengths = parts.map { $0.shape[axis] }
    var shape = parts[0].shape
    shape[axis] = lengths.reduce(0, +)
    let inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *),
      row = shape[axis] * inner
    let result = Tensor(uninitialized: shape)
    Parallel.forEachBlock(of: outer, size: max(1, (1 << 14) / max(1, row))) { range in
      var start = 0
      for (part, length) in zip(parts, lengths) {
        for index in range {
          (result.pointer + index * row + start * inner).update(
            from: part.pointer + index * length * inner, count: length * inner)
        }
        start += length
      }
    }
    let wants = parts.map(\.isTracked)
    return result.recorded(from: parts, leavingBatch: axis == 0, as: .concatenate(axis: axis)) { gradient in
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
      start >= 0 && length >= 0 && start + length <= shape[axis], "slice", "\(start) ..< \(start + length)",
      "axis \(index) of \(shape)")
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
    return result.recorded(
      from: [self], leavingBatch: axis == 0, as: .slice(axis: axis, start: start)
    ) { gradient in
      let spread = Tensor(uninitialized: original)
      let (before, part) = (start * inner, length * inner)
      Parallel.forEachBlock(of: outer, size: max(1, (1 << 14) / max(1, row))) { range in
        for index in range {
          let target = spread.pointer + index * row
          arbex_fill(target, 0, before)
          (target + before).update(from: gradient.pointer + index * part, count: part)
          arbex_fill(target + before + part, 0, row - before - part)
        }
      }
      return [spread]
    }
  }

  /// Numbers of this tensor and of another one in turn, along the last axis: y[2c] = x[c], y[2c + 1] = other[c].
  ///
  /// ## Shapes
  /// twice `[..., C]` -> `[..., 2C]`
  public func interleaved(with other: Tensor) -> Tensor {
    require(rank > 0 && shape == other.shape, "interleave", "\(other.shape)", "\(shape)")
    let shape = shape
    let result = Tensor(uninitialized: shape.dropLast() + [2 * shape[shape.count - 1]])
    let (first, second) = (pointer, other.pointer)
    Parallel.forEachBlock(of: count, size: 1 << 13) { range in
      let start = range.lowerBound
      arbex_interleave(result.pointer + 2 * start, first + start, second + start, range.count)
    }
    return result.recorded(from: [self, other], as: .interleave) { gradient in
      let parts = [Tensor(uninitialized: shape), Tensor(uninitialized: shape)]
      let (first, second) = (parts[0].pointer, parts[1].pointer)
      Parallel.forEachBlock(of: parts[0].count, size: 1 << 13) { range in
        let start = range.lowerBound
        arbex_deinterleave(first + start, second + start, gradient.pointer + 2 * start, range.count)
      }
      return parts
    }
  }
}
