import TestSupport
import Testing

@testable import TensorKit

/// Our matrix product and OpenBLAS's against each other, both as they lie and transposed, with every kind of edge.
@Suite("Matrix product kernels")
struct ProductKernelTests {
  @Test(
    "our kernel agrees with OpenBLAS",
    .enabled(if: BLAS.hasAVX512, "this CPU has no AVX-512, so OpenBLAS does every product"),
    arguments: [(1, 1, 1), (12, 32, 16), (13, 33, 300), (5, 40, 257), (25, 7, 3), (64, 96, 512), (3, 31, 1)])
  func agree(rows: Int, columns: Int, depth: Int) {
    let (a, b, c) = (uniform("a", rows * depth), uniform("b", depth * columns), uniform("c", rows * columns))
    for (left, right, adding) in [(false, false, false), (true, false, true), (false, true, true), (true, true, false)] {
      func product(_ multiply: (BLAS.Matrix, BLAS.Matrix, UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        var result = c
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            result.withUnsafeMutableBufferPointer { c in
              multiply(
                BLAS.Matrix(pointer: a.baseAddress!, stride: left ? rows : depth, transposed: left),
                BLAS.Matrix(pointer: b.baseAddress!, stride: right ? depth : columns, transposed: right),
                c.baseAddress!)
            }
          }
        }
        return result
      }
      let ours = product {
        BLAS.multiply(
          $0, $1, into: $2, stride: columns, rows: rows, columns: columns, depth: depth, scale: 0.5,
          accumulating: adding)
      }
      let theirs = product {
        BLAS.multiplyByOpenBLAS(
          $0, $1, into: $2, stride: columns, rows: rows, columns: columns, depth: depth, scale: 0.5,
          accumulating: adding)
      }
      #expect(relativeNorm(ours, theirs) < 1e-6, "left transposed \(left), right transposed \(right), adding \(adding)")
    }
  }

  @Test("a row of a product does not depend on the rows beside it", .enabled(if: BLAS.hasAVX512))
  func independent() {
    let (x, w) = (Tensor([33, 70], uniform("x", 33 * 70)), Tensor([20, 70], uniform("w", 20 * 70)))
    let all = x.linear(weight: w, bias: nil), one = x.sliced(along: 0, from: 32, count: 1).linear(weight: w, bias: nil)
    #expect(all.sliced(along: 0, from: 32, count: 1).values == one.values)
  }
}
