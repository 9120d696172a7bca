import CKernels

/// Element-wise arithmetic with broadcasting: shapes are aligned at their last axis, and an axis of length 1 (or a
/// missing one) repeats.
extension Tensor {
  /// Sum.
  public static func + (left: Tensor, right: Tensor) -> Tensor {
    let shapes = (left.shape, right.shape), wants = (left.isTracked, right.isTracked)
    return combined(.add, left, right).recorded(from: [left, right], as: .add) {
      [wants.0 ? $0.summed(to: shapes.0) : nil, wants.1 ? $0.summed(to: shapes.1) : nil]
    }
  }

  /// Difference.
  public static func - (left: Tensor, right: Tensor) -> Tensor {
    let shapes = (left.shape, right.shape), wants = (left.isTracked, right.isTracked)
    return combined(.subtract, left, right).recorded(from: [left, right], as: .subtract) {
      [wants.0 ? $0.summed(to: shapes.0) : nil, wants.1 ? (-$0).summed(to: shapes.1) : nil]
    }
  }

  /// Product, element by element.
  public static func * (left: Tensor, right: Tensor) -> Tensor {
    let (a, b) = (left.detached, right.detached), wants = (left.isTracked, right.isTracked)
    return combined(.multiply, left, right).recorded(from: [left, right], as: .multiply) {
      [wants.0 ? ($0 * b).summed(to: a.shape) : nil, wants.1 ? ($0 * a).summed(to: b.shape) : nil]
    }
  }

  /// Quotient, element by element.
  public static func / (left: Tensor, right: Tensor) -> Tensor {
    let (a, b) = (left.detached, right.detached), wants = (left.isTracked, right.isTracked)
    return combined(.divide, left, right).recorded(from: [left, right], as: .divide) {
      [
        wants.0 ? ($0 / b).summed(to: a.shape) : nil,
        wants.1 ? (-($0 * a) / (b * b)).summed(to: b.shape) : nil,
      ]
    }
  }

  /// Every element plus a number.
  public static func + (left: Tensor, right: Float) -> Tensor {
    combined(.add, left, .scalar(right)).recorded(
      from: [left], operation: "+", as: .add, of: [left, .scalar(right)]
    ) { [$0] }
  }
  /// A number plus every element.
  public static func + (left: Float, right: Tensor) -> Tensor { right + left }
  /// Every element minus a number.
  public static func - (left: Tensor, right: Float) -> Tensor { left + (-right) }
  /// A number minus every element.
  public static func - (left: Float, right: Tensor) -> Tensor { -right + left }
  /// Every element times a number.
  public static func * (left: Tensor, right: Float) -> Tensor {
    combined(.multiply, left, .scalar(right)).recorded(
      from: [left], as: .multiply, of: [left, .scalar(right)]
    ) { [$0 * right] }
  }
  /// A number times every element.
  public static func * (left: Float, right: Tensor) -> Tensor { right * left }
  /// Every element divided by a number.
  public static func / (left: Tensor, right: Float) -> Tensor { left * (1 / right) }
  /// A number divided by every element.
  public static func / (left: Float, right: Tensor) -> Tensor { .scalar(left) / right }
  /// The opposite of every element.
  public static prefix func - (tensor: Tensor) -> Tensor { tensor * -1 }

  /// Repeats along axes of length 1 (or missing ones) until the shape is `target`.
  public func broadcast(to target: [Int]) -> Tensor {
    if shape == target { return self }
    let original = shape
    let result = Self.combined(.add, self, .zeros([1]), shape: Self.broadcastShape(shape, target))
    require(result.shape == target, "broadcast", "\(original)", "\(target)")
    return result.recorded(from: [self], as: .broadcast) { [$0.summed(to: original)] }
  }

  private enum Operation: Int32 { case add, subtract, multiply, divide }

  private static func combined(_ operation: Operation, _ left: Tensor, _ right: Tensor, shape: [Int]? = nil)
    -> Tensor
  {
    let shape = shape ?? broadcastShape(left.shape, right.shape)
    let axes = collapsed(shape, left.shape, right.shape)
    let result = Tensor(uninitialized: shape)
    guard result.count > 0 else { return result }
    let inner = axes.last ?? Axis(length: 1, left: 0, right: 0)
    let outer = Array(axes.dropLast())
    let rows = outer.reduce(1) { $0 * $1.length }
    if rows == 1 {
      Parallel.forEachBlock(of: inner.length, size: 1 << 15) {
        arbex_binary(
          operation.rawValue, result.pointer + $0.lowerBound, left.pointer + $0.lowerBound * inner.left,
          inner.left, right.pointer + $0.lowerBound * inner.right, inner.right, $0.count)
      }
      return result
    }
    Parallel.forEachBlock(of: rows, size: max(1, (1 << 15) / inner.length)) { range in
      // The place on each outer axis, and how far it is into both operands.
      var (place, a, b, rest) = ([Int](repeating: 0, count: outer.count), 0, 0, range.lowerBound)
      for axis in outer.indices.reversed() {
        place[axis] = rest % outer[axis].length
        rest /= outer[axis].length
        a += place[axis] * outer[axis].left
        b += place[axis] * outer[axis].right
      }
      for row in range {
        arbex_binary(
          operation.rawValue, result.pointer + row * inner.length, left.pointer + a, inner.left,
          right.pointer + b, inner.right, inner.length)
        for axis in outer.indices.reversed() {
          a += outer[axis].left
          b += outer[axis].right
          place[axis] += 1
          guard place[axis] == outer[axis].length else { break }
          a -= place[axis] * outer[axis].left
          b -= place[axis] * outer[axis].right
          place[axis] = 0
        }
      }
    }
    return result
  }

  /// An axis of the result and the distance between neighbours in each operand, 0 where it repeats.
  private struct Axis { var length, left, right: Int }

  /// The axes of the result, neighbours merged where both operands allow it, so that the inner loop is long.
  private static func collapsed(_ shape: [Int], _ left: [Int], _ right: [Int]) -> [Axis] {
    var axes: [Axis] = []
    var (leftStep, rightStep) = (1, 1)
    for place in 0..<shape.count {
      let length = shape[shape.count - 1 - place]
      let a = place < left.count ? left[left.count - 1 - place] : 1
      let b = place < right.count ? right[right.count - 1 - place] : 1
      if length != 1 {
        let axis = Axis(length: length, left: a == 1 ? 0 : leftStep, right: b == 1 ? 0 : rightStep)
        if let inner = axes.last, axis.left == inner.left * inner.length,
          axis.right == inner.right * inner.length
        {
          axes[axes.count - 1].length *= length
        } else {
          axes.append(axis)
        }
      }
      leftStep *= a
      rightStep *= b
    }
    return axes.reversed()
  }

  static func broadcastShape(_ left: [Int], _ right: [Int]) -> [Int] {
    let rank = max(left.count, right.count)
    return (0..<rank).map { place in
      let a = place < rank - left.count ? 1 : left[place - rank + left.count]
      let b = place < rank - right.count ? 1 : right[place - rank + right.count]
      require(a == b || a == 1 || b == 1, "broadcasting", "\(left)", "\(right)")
      return a == 1 ? b : a
    }
  }
}
