import TensorKit
import TestSupport
import Testing

@Suite("Linear algebra")
struct LinearAlgebraTests {
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

  @Test(
    "there are no components of points that are not finite, of none, and of what is no list of points",
    arguments: [
      Tensor([2, 2], [1, .nan, 2, 3]), Tensor([3], [1, 2, 3]), Tensor([], [1]), .ones([2, 2, 2]),
      .zeros([0, 2]),
      .zeros([2, 0]),
    ])
  func none(points: Tensor) {
    #expect(LinearAlgebra.principalComponents(of: points, count: 2) == nil)
  }
}
