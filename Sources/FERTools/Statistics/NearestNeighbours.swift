import Support
import TensorKit

/// The other points that lie nearest to each of some points, exactly: a product of matrices in 32-bit floats tells which
/// may be among them, and those are measured again in 64-bit floats.
///
///     ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b
struct NearestNeighbours {
  /// How many of each point, k.
  let count: Int
  /// The neighbours of one point after another, the nearest first; of equally near ones the first.
  let indices: [Int]
  /// Their squared distances, in units of the points' scale squared.
  let squaredDistances: [Double]

  /// - Precondition: k is at least 1, and below the number of points.
  init(of points: ScaledPoints, count k: Int) {
    require(k >= 1 && k < points.count, "NearestNeighbours: \(k) neighbours of \(points.count) points")
    let (count, single) = (points.count, points.tensor)
    let norms = single.squared().sum(along: 1).values.map(Double.init)
    // Twice the error of what the product tells: a sum of D products of numbers up to 1 errs by D·2⁻²⁴, once for a·b, which
    // counts twice, and for both norms; rounding the points moves a distance by no more than 2⁻²¹.
    let slack = Double(2 * points.width + 8) * 0x1p-22
    var indices = [Int](repeating: 0, count: count * k)
    var distances = [Double](repeating: 0, count: count * k)
    indices.withUnsafeMutableBufferPointer { indices in
      distances.withUnsafeMutableBufferPointer { distances in
        for first in stride(from: 0, to: count, by: Self.blockSize) {
          let rows = min(Self.blockSize, count - first)
          let block = single.sliced(along: 0, from: first, count: rows)
          block.matmul(single, transposingOther: true).withValues { products in  // [rows, N]
            Parallel.forEach(rows) { row in
              let point = first + row
              var near = (0..<count).map { norms[point] + norms[$0] - 2 * Double(products[row * count + $0]) }
              near[point] = .infinity
              let limit = near.sorted()[k - 1] + slack
              let found = near.indices.filter { near[$0] <= limit && $0 != point }
                .map { (distance: points.squaredDistance(point, $0), index: $0) }
                .sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
              for place in 0..<k {
                indices[point * k + place] = found[place].index
                distances[point * k + place] = found[place].distance
              }
            }
          }
        }
      }
    }
    (self.count, self.indices, squaredDistances) = (k, indices, distances)
  }

  private static let blockSize = 256
}
