import CLAPACKE
import COpenBLAS

/// Factorisations from LAPACK.
public enum LinearAlgebra {
  /// A random matrix with orthonormal rows or columns, whichever are fewer: the Q of a QR factorisation of
  /// normal numbers, with the signs of R's diagonal taken out so that Q is uniformly distributed (Saxe et al.
  /// 2014; Mezzadri 2007). Row-major, `rows * columns` values.
  public static func orthogonal(rows: Int, columns: Int, random: RandomSource) -> [Float] {
    guard rows > 0, columns > 0 else { return [] }
    var random = random
    let tall = max(rows, columns), thin = min(rows, columns)
    var matrix = (0..<tall * thin).map { _ in random.normal() }
    var reflectors = [Float](repeating: 0, count: thin)
    var status = LAPACKE_sgeqrf(LAPACK_ROW_MAJOR, Int32(tall), Int32(thin), &matrix, Int32(thin), &reflectors)
    precondition(status == 0, "QR factorisation of a \(tall)x\(thin) matrix failed with status \(status)")
    let signs = (0..<thin).map { matrix[$0 * thin + $0] < 0 ? Float(-1) : 1 }
    status = LAPACKE_sorgqr(
      LAPACK_ROW_MAJOR, Int32(tall), Int32(thin), Int32(thin), &matrix, Int32(thin), &reflectors)
    precondition(status == 0, "forming Q of a \(tall)x\(thin) matrix failed with status \(status)")
    for index in matrix.indices { matrix[index] *= signs[index % thin] }
    guard rows < columns else { return matrix }
    return (0..<rows * columns).map { matrix[($0 % columns) * thin + $0 / columns] }
  }

  /// Points projected on the directions in which they vary most.
  public struct PrincipalComponents: Sendable {
    /// `[points, count]`
    public let projected: Tensor
    /// The directions `[count, size]`, orthonormal rows.
    public let directions: Tensor
    /// The mean of the points, `[size]`.
    public let mean: Tensor
    /// The share of the variance that each direction explains, 0...1.
    public let explained: [Float]

    /// Other points in the same picture: `[points, size]` to `[points, count]`.
    public func project(_ points: Tensor) -> Tensor {
      (points.detached - mean).matmul(directions, transposingOther: true)
    }
  }

  /// The first principal components of `points` `[N, D]`, by singular value decomposition of the centred points.
  /// Each direction's sign is fixed (its largest entry is positive), so that pictures do not flip.
  /// - Returns: nil for no points, or where the decomposition does not converge (points that are not finite).
  public static func principalComponents(of points: Tensor, count: Int) -> PrincipalComponents? {
    let rows = points.shape[0], size = points.shape[1], kept = min(count, min(rows, size))
    guard points.rank == 2, rows > 0, size > 0, kept > 0, points.isFinite else { return nil }
    let mean = points.detached.mean(along: 0)
    let centred = points.detached - mean
    var matrix = centred.values
    let rank = min(rows, size)
    var singular = [Float](repeating: 0, count: rank)
    var left = [Float](repeating: 0, count: rows * rank)
    var right = [Float](repeating: 0, count: rank * size)
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
