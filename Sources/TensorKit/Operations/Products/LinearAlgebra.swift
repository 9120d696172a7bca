import CLAPACKE
import COpenBLAS

/// Factorisations from LAPACK.
package enum LinearAlgebra {
  /// Points projected on the directions in which they vary most.
  package struct PrincipalComponents: Sendable {
    /// `[points, count]`
    package let projected: Tensor
    /// The directions `[count, size]`, orthonormal rows.
    package let directions: Tensor
    /// The mean of the points, `[size]`.
    package let mean: Tensor
    /// The share of the variance that each direction explains, 0...1.
    package let explained: [Float]

    /// Other points in the same picture: `[points, size]` to `[points, count]`.
    package func project(_ points: Tensor) -> Tensor {
      (points.detached - mean).matmul(directions, transposingOther: true)
    }
  }

  /// The first principal components of `points` `[N, D]`, by singular value decomposition of the centred points.
  /// Each direction's sign is fixed (its largest entry is positive), so that pictures do not flip. Runs on one thread, so
  /// that the bits do not depend on how many there are.
  /// - Returns: nil where `points` is not `[N, D]`, is empty or not finite, or the decomposition does not converge.
  package static func principalComponents(of points: Tensor, count: Int) -> PrincipalComponents? {
    guard points.rank == 2, points.count > 0, count > 0, points.isFinite else { return nil }
    let rows = points.shape[0], size = points.shape[1], rank = min(rows, size), kept = min(count, rank)
    let mean = points.detached.mean(along: 0)
    let centred = points.detached - mean
    var matrix = centred.values
    var singular = [Float](repeating: 0, count: rank)
    var left = [Float](repeating: 0, count: rows * rank)
    var right = [Float](repeating: 0, count: rank * size)
    BLAS.singleThreaded
    let status = LAPACKE_sgesdd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "S")), Int32(rows), Int32(size), &matrix, Int32(size), &singular,
      &left, Int32(rank), &right, Int32(size))
    guard status == 0 else { return nil }
    for row in 0..<kept {
      let direction = right[row * size..<(row + 1) * size]
      let largest = direction.max { abs($0) < abs($1) } ?? 1
      if largest < 0 { for index in row * size..<(row + 1) * size { right[index] *= -1 } }
    }
    let directions = Tensor([kept, size], Array(right[0..<kept * size]))
    let total = singular.reduce(0) { $0 + $1 * $1 }
    return PrincipalComponents(
      projected: centred.matmul(directions, transposingOther: true), directions: directions, mean: mean,
      explained: singular.prefix(kept).map { total > 0 ? $0 * $0 / total : 0 })
  }
}
