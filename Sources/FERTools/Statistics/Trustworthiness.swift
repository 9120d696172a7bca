import TensorKit

/// How far a picture of points can be trusted: whether those that it shows side by side are neighbours in truth.
package enum Trustworthiness {
  /// 1 where each point's k neighbours in the picture are its k nearest in truth; each that is not costs how far down the
  /// list of true neighbours it stands, r(i, j) − k, and about 0.5 is what a random picture has.
  ///
  ///     T = 1 − 2 / (N k (2N − 3k − 1)) Σᵢ Σ over j in Uᵢ of max(0, r(i, j) − k)
  ///
  /// Uᵢ are the k neighbours of i in the picture, r(i, j) is the place of j among the true neighbours of i, from 1.
  /// Source: Venna and Kaski 2001; `sklearn.manifold.trustworthiness`.
  ///
  /// - Parameter picture: `[N, 2]`, or any other width.
  /// - Parameter points: `[N, D]`.
  /// - Returns: nil where k is not 1 ..< N / 2, the counts differ, or a number is not finite.
  package static func of(_ picture: Tensor, for points: Tensor, neighbours k: Int = 12) -> Double? {
    guard let seen = ScaledPoints(picture), let truth = ScaledPoints(points), seen.count == truth.count,
      k >= 1, 2 * k < seen.count
    else { return nil }
    let count = truth.count
    let shown = NearestNeighbours(of: seen, count: k)
    var costs = [Int](repeating: 0, count: count)
    costs.withUnsafeMutableBufferPointer { costs in
      Parallel.forEach(count) { point in
        let distances = (0..<count).map { truth.squaredDistance(point, $0) }
        for other in shown.indices[point * k..<(point + 1) * k] {
          let distance = distances[other]
          var rank = 1
          for index in 0..<count where index != point && index != other {
            let nearer = distances[index]
            if nearer < distance || (nearer == distance && index < other) { rank += 1 }
          }
          costs[point] += max(0, rank - k)
        }
      }
    }
    let worst = Double(count) * Double(k) * Double(2 * count - 3 * k - 1)
    return 1 - 2 * Double(costs.reduce(0, +)) / worst
  }
}
