/// Points of the plane in boxes, and boxes in boxes, so that many far ones can stand for one.
///
/// A box is as large as its points need; it is cut through its middle in up to four. Source: Barnes and Hut 1986; van der
/// Maaten 2014, section 4.2.
struct QuadTree {
  /// Points that lie together, or several at one place.
  private struct Box {
    var x = 0.0
    var y = 0.0
    var count = 0.0
    /// The longer side, squared; 0 where all points are one.
    var squaredSide = 0.0
    /// The first box that is not inside this one: the next of the list where none is inside.
    var next = 0
  }

  /// Each box is followed by those inside it.
  private var boxes: [Box] = []
  /// The innermost box of each point.
  private var home: [Int]
  /// The points, those of one box side by side.
  private var order: [Int]
  private var sorted: [Int]

  /// A tree for so many points, still empty.
  init(count: Int) {
    home = [Int](repeating: 0, count: count)
    (order, sorted) = (home, home)
  }

  /// Takes the points (x, y after x, y), forgetting those before.
  mutating func build(_ points: [Double]) {
    boxes.removeAll(keepingCapacity: true)
    for index in order.indices { order[index] = index }
    points.withUnsafeBufferPointer { add(0..<order.count, of: $0) }
  }

  private mutating func add(_ range: Range<Int>, of points: UnsafeBufferPointer<Double>) {
    guard let first = range.first else { return }
    let start = order[first]
    var (lowX, lowY) = (points[2 * start], points[2 * start + 1])
    var (highX, highY, sumX, sumY) = (lowX, lowY, 0.0, 0.0)
    for place in range {
      let (x, y) = (points[2 * order[place]], points[2 * order[place] + 1])
      (lowX, highX, lowY, highY) = (min(lowX, x), max(highX, x), min(lowY, y), max(highY, y))
      sumX += x
      sumY += y
    }
    let (own, side) = (boxes.count, max(highX - lowX, highY - lowY))
    guard side > 0 else {
      for place in range { home[order[place]] = own }
      boxes.append(Box(x: lowX, y: lowY, count: Double(range.count), next: own + 1))
      return
    }
    let count = Double(range.count)
    boxes.append(Box(x: sumX / count, y: sumY / count, count: count, squaredSide: side * side))
    let (middleX, middleY) = (Self.middle(lowX, highX), Self.middle(lowY, highY))
    let quarter = { (point: Int) in
      (points[2 * point] > middleX ? 1 : 0) + (points[2 * point + 1] > middleY ? 2 : 0)
    }
    var ends = (0, 0, 0, 0)
    for place in range {
      switch quarter(order[place]) {
      case 0: ends.0 += 1
      case 1: ends.1 += 1
      case 2: ends.2 += 1
      default: ends.3 += 1
      }
    }
    var (a, b, c) = (first, first + ends.0, first + ends.0 + ends.1)
    var d = c + ends.2
    let cuts = [a, b, c, d, range.upperBound]
    for place in range {
      let point = order[place]
      switch quarter(point) {
      case 0:
        sorted[a] = point
        a += 1
      case 1:
        sorted[b] = point
        b += 1
      case 2:
        sorted[c] = point
        c += 1
      default:
        sorted[d] = point
        d += 1
      }
    }
    for place in range { order[place] = sorted[place] }
    for part in 0..<4 { add(cuts[part]..<cuts[part + 1], of: points) }
    boxes[own].next = boxes.count
  }

  /// Below the upper bound, where they differ, so that a cut there leaves something on both sides.
  private static func middle(_ low: Double, _ high: Double) -> Double {
    let middle = low + (high - low) / 2
    return middle < high ? middle : low
  }

  /// How a point is pushed away by all others: Σ q² (y − yⱼ), and Σ q, where q = 1 / (1 + ‖y − yⱼ‖²).
  /// - Parameter squaredTheta: a box stands for its points where its squared side is below so many squared distances to
  ///   their mean; 0: never.
  func repulsion(
    of point: Int, x: Double, y: Double, squaredTheta: Double
  ) -> (x: Double, y: Double, sum: Double) {
    let own = home[point]
    var result = (x: 0.0, y: 0.0, sum: 0.0)
    boxes.withUnsafeBufferPointer { boxes in
      var place = 0
      while place < boxes.count {
        let box = boxes[place]
        let (gapX, gapY) = (x - box.x, y - box.y)
        let square = gapX * gapX + gapY * gapY
        guard box.squaredSide == 0 || box.squaredSide < squaredTheta * square else {
          place += 1
          continue
        }
        if place == own {
          result.sum += box.count - 1
        } else {
          let q = 1 / (1 + square)
          result.sum += box.count * q
          let push = box.count * q * q
          result.x += push * gapX
          result.y += push * gapY
        }
        place = box.next
      }
    }
    return result
  }
}
