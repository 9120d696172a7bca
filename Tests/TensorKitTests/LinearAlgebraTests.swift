import TensorKit
import TestSupport
import Testing

@Suite("Linear algebra")
struct LinearAlgebraTests {
  @Test(
    "an orthogonal matrix times its transpose is the identity",
    arguments: [(5, 5), (7, 3), (3, 7), (1, 4), (1, 1)])
  func orthogonal(rows: Int, columns: Int) {
    let source = RandomSource(seed: 1, stream: "test")
    let matrix = Tensor(
      [rows, columns], LinearAlgebra.orthogonal(rows: rows, columns: columns, random: source))
    let thin = min(rows, columns)
    let product =
      rows <= columns
      ? matrix.matmul(matrix, transposingOther: true)
      : matrix.permuted([1, 0]).matmul(matrix)
    let identity = (0..<thin * thin).map { Float($0 / thin == $0 % thin ? 1 : 0) }
    expectClose(product, Tensor([thin, thin], identity), absolute: 1e-5)
  }

  /// Points on the line (1, 1) + t (3, 4) / 5 for t = -2, 0, 2: one component explains everything, the direction is
  /// (0.6, 0.8), and the projections are t.
  @Test("principal components of points on a line")
  func line() throws {
    let points = Tensor([3, 2], [1 - 1.2, 1 - 1.6, 1, 1, 1 + 1.2, 1 + 1.6])
    let found = try #require(LinearAlgebra.principalComponents(of: points, count: 2))
    expectClose(found.mean, [1, 1])
    expectClose(found.directions.sliced(along: 0, from: 0, count: 1), [[0.6, 0.8]], absolute: 1e-5)
    expectClose(found.projected.sliced(along: 1, from: 0, count: 1), [[-2], [0], [2]], absolute: 1e-5)
    #expect(found.explained[0] > 0.9999 && found.explained[1] < 1e-4)
    expectClose(
      found.project(Tensor([1, 2], [1.6, 1.8])).sliced(along: 1, from: 0, count: 1), [[1]], absolute: 1e-5)
  }

  @Test("points that are not finite have no components")
  func notFinite() {
    #expect(LinearAlgebra.principalComponents(of: Tensor([2, 2], [1, .nan, 2, 3]), count: 2) == nil)
  }
}
