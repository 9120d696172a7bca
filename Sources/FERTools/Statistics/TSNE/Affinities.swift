import Foundation

/// How much points belong together, as t-SNE sees it: a share for each pair of near ones, together 1. Others have none.
///
///     p(j|i) ∝ exp(−βᵢ ‖xᵢ − xⱼ‖²),   p(i, j) = (p(j|i) + p(i|j)) / 2N
///
/// βᵢ is chosen such that p(·|i) has the perplexity asked for: exp(H(p(·|i))), the number of neighbours that count.
/// Source: van der Maaten and Hinton 2008, equations 1 and 2; only neighbours, van der Maaten 2014, section 4.1.
struct Affinities {
  /// Where each point's partners begin in ``columns`` and ``values``; one more than there are points.
  let starts: [Int]
  /// Each point's partners, in their order.
  let columns: [Int]
  /// What it shares with each.
  let values: [Double]

  /// - Parameter perplexity: above 1, below the number of neighbours; where all of these are equally far, it cannot be had,
  ///   and they have equal shares.
  init(_ neighbours: NearestNeighbours, perplexity: Double) {
    let k = neighbours.count, count = neighbours.indices.count / k
    var partners = [[(column: Int, share: Double)]](repeating: [], count: count)
    for point in 0..<count {
      let own = point * k..<(point + 1) * k
      let shares = Self.shares(of: neighbours.squaredDistances[own], perplexity: perplexity)
      for (other, share) in zip(neighbours.indices[own], shares) {
        let half = share / Double(2 * count)
        partners[point].append((other, half))
        partners[other].append((point, half))
      }
    }
    var (starts, columns, values) = ([0], [Int](), [Double]())
    for row in partners {
      // Two halves at most meet, and a sum of two is the same in either order.
      for (column, share) in row.sorted(by: { $0.column < $1.column }) {
        if columns.count > starts[starts.count - 1], columns[columns.count - 1] == column {
          values[values.count - 1] += share
        } else {
          columns.append(column)
          values.append(share)
        }
      }
      starts.append(columns.count)
    }
    (self.starts, self.columns, self.values) = (starts, columns, values)
  }

  /// p(·|i) of the neighbours at these squared distances, by halving.
  static func shares(of distances: ArraySlice<Double>, perplexity: Double) -> [Double] {
    // Only differences count, and their unit does not: this one makes β = 1 a good first guess.
    let least = distances.min() ?? 0
    let mean = distances.reduce(0) { $0 + ($1 - least) } / Double(distances.count)
    let gaps = distances.map { mean > 0 ? ($0 - least) / mean : 0 }
    let wanted = log(perplexity)
    var (beta, low, high) = (1.0, 0.0, Double.infinity)
    var shares = [Double]()
    for _ in 0..<100 {
      shares = gaps.map { exp(-beta * $0) }
      let sum = shares.reduce(0, +)
      let entropy = log(sum) + beta * zip(gaps, shares).reduce(0) { $0 + $1.0 * $1.1 } / sum
      shares = shares.map { $0 / sum }
      guard abs(entropy - wanted) > 1e-5 else { break }
      if entropy > wanted { low = beta } else { high = beta }
      beta = high.isFinite ? (low + high) / 2 : 2 * beta
    }
    return shares
  }
}
