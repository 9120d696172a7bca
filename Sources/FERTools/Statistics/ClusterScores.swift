import TensorKit

/// How well points of several classes lie apart, as scikit-learn counts it.
///
/// With the centroid mₖ of class k, its mean distance to its points sₖ, K classes and N points:
///
///     DB = 1/K Σₖ max over l ≠ k of (sₖ + sₗ) / ‖mₖ − mₗ‖
///     CH = Σₖ nₖ ‖mₖ − m‖² / Σ ‖x − m of its class‖² · (N − K) / (K − 1)
///
///     ClusterScores(embeddings, labels: set.samples.prefix(embeddings.shape[0]).map(\.label))
///
/// Sources: Davies and Bouldin 1979; Caliński and Harabasz 1974.
package struct ClusterScores: Sendable, Equatable {
  /// 0 at best: classes are narrow for how far they lie apart. 0 also where all classes are points, or all centroids one.
  package let daviesBouldin: Double
  /// Larger is better: spread between the classes over spread within; 1 where there is none within.
  package let calinskiHarabasz: Double

  /// - Parameter points: `[N, D]`.
  /// - Parameter labels: the class of each; nil leaves a point out.
  /// - Returns: nil where a score is undefined: fewer than two classes, no class of more than one point, a number that is
  ///   not finite, or other than N labels for `[N, D]`.
  package init?(_ points: Tensor, labels: [Int?]) {
    guard points.rank == 2, points.shape[0] == labels.count, points.count > 0, points.isFinite else {
      return nil
    }
    let width = points.shape[1]
    let members = Dictionary(grouping: labels.indices.filter { labels[$0] != nil }, by: { labels[$0] ?? 0 })
      .sorted { $0.key < $1.key }.map(\.value)
    let count = members.reduce(0) { $0 + $1.count }
    guard members.count > 1, members.count < count else { return nil }

    let values = points.values
    let point = { (row: Int) in values[row * width..<(row + 1) * width].map(Double.init) }
    let sums = members.map { rows in
      rows.reduce(into: [Double](repeating: 0, count: width)) { sum, row in
        for (place, value) in point(row).enumerated() { sum[place] += value }
      }
    }
    let centroids = zip(sums, members).map { sum, rows in sum.map { $0 / Double(rows.count) } }
    let centre = (0..<width).map { place in sums.reduce(0) { $0 + $1[place] } / Double(count) }

    var (within, between, spreads) = (0.0, 0.0, [Double]())
    for (centroid, rows) in zip(centroids, members) {
      let squares = rows.map { squaredDistance(point($0), centroid) }
      within += squares.reduce(0, +)
      between += Double(rows.count) * squaredDistance(centroid, centre)
      spreads.append(squares.reduce(0) { $0 + $1.squareRoot() } / Double(rows.count))
    }
    calinskiHarabasz =
      within == 0 ? 1 : between * Double(count - members.count) / (within * Double(members.count - 1))

    let gaps = centroids.map { one in centroids.map { squaredDistance(one, $0).squareRoot() } }
    // As scikit-learn, which calls 1e-8 nothing.
    if spreads.allSatisfy({ $0 <= 1e-8 }) || gaps.joined().allSatisfy({ $0 <= 1e-8 }) {
      daviesBouldin = 0
    } else {
      let worst = gaps.indices.map { one in
        gaps.indices.reduce(0.0) { worst, other in
          gaps[one][other] == 0 ? worst : max(worst, (spreads[one] + spreads[other]) / gaps[one][other])
        }
      }
      daviesBouldin = worst.reduce(0, +) / Double(worst.count)
    }
  }
}

/// Σ (a − b)².
func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for (x, y) in zip(a, b) { sum += (x - y) * (x - y) }
  return sum
}
