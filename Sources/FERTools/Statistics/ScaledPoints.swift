import TensorKit

/// Points moved so that their mean is 0, and scaled so that the farthest lies at distance 1: in this form a product of
/// matrices tells their distances without losing digits to a common offset, and no square is too large.
struct ScaledPoints {
  /// How many there are, N.
  let count: Int
  /// How many coordinates each has, D.
  let width: Int
  /// The coordinates, one point after another.
  let values: [Double]
  /// What 1 stands for; 0 where all points are one.
  let scale: Double

  /// - Parameter points: `[N, D]`.
  /// - Returns: nil where it is no such list, is empty or not finite.
  init?(_ points: Tensor) {
    guard points.rank == 2, points.count > 0, points.isFinite else { return nil }
    let (count, width) = (points.shape[0], points.shape[1])
    var values = points.values.map(Double.init)
    for column in 0..<width {
      var mean = 0.0
      for row in 0..<count { mean += values[row * width + column] }
      mean /= Double(count)
      for row in 0..<count { values[row * width + column] -= mean }
    }
    var largest = 0.0
    for row in 0..<count {
      var square = 0.0
      for place in row * width..<(row + 1) * width { square += values[place] * values[place] }
      largest = max(largest, square)
    }
    let scale = largest.squareRoot()
    if scale > 0 { for place in values.indices { values[place] /= scale } }
    (self.count, self.width, self.values, self.scale) = (count, width, values, scale)
  }

  /// The same in 32-bit floats, `[N, D]`.
  var tensor: Tensor { Tensor([count, width], values.map { Float($0) }) }

  /// The squared distance of two points, in units of ``scale`` squared.
  func squaredDistance(_ one: Int, _ other: Int) -> Double {
    values.withUnsafeBufferPointer { values in
      var sum = 0.0
      for place in 0..<width {
        let gap = values[one * width + place] - values[other * width + place]
        sum += gap * gap
      }
      return sum
    }
  }
}
