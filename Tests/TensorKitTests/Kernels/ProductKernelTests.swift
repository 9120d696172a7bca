import CKernels
import TestSupport
import Testing

@testable import TensorKit

/// Our matrix product of every kind and OpenBLAS's against each other, both as they lie and transposed, with every
/// kind of edge.
@Suite("Matrix product kernels")
struct ProductKernelTests {
  struct Sizes: CustomTestStringConvertible {
    var rows, columns, depth: Int
    var testDescription: String { "\(rows) x \(columns) x \(depth)" }
  }

  @Test(
    "our kernels agree with OpenBLAS", arguments: Kernels.best.runnable,
    [
      (1, 1, 1), (12, 32, 16), (13, 33, 300), (5, 40, 257), (25, 7, 3), (64, 96, 512), (3, 31, 1),
      (100, 64, 40),
      (2, 7, 64),
    ].map(Sizes.init))
  func agree(kernels: Kernels, sizes: Sizes) {
    let (rows, columns, depth) = (sizes.rows, sizes.columns, sizes.depth)
    let (a, b, c) = (uniform("a", rows * depth), uniform("b", depth * columns), uniform("c", rows * columns))
    for (left, right, adding) in [
      (false, false, false), (true, false, true), (false, true, true), (true, true, false),
    ] {
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
        arbex_multiply_in(
          kernels.variant, $0.pointer, $0.rowStep, $0.columnStep, $1.pointer, $1.rowStep, $1.columnStep, $2,
          columns,
          rows, columns, depth, 0.5, adding ? 1 : 0)
      }
      let theirs = product {
        BLAS.multiplyByOpenBLAS(
          $0, $1, into: $2, stride: columns, rows: rows, columns: columns, depth: depth, scale: 0.5,
          accumulating: adding)
      }
      #expect(
        relativeNorm(ours, theirs) < 1e-6,
        "left transposed \(left), right transposed \(right), adding \(adding)")
    }
  }

  @Test(
    "a packed factor gives the same bits as one that lies as it is", arguments: Kernels.best.runnable,
    [1, 20, 32, 77])
  func packed(kernels: Kernels, columns: Int) {
    let (rows, depth) = (14, 300), panel = [Kernels.avx512: 32, .avx2: 16, .baseline: 8][kernels, default: 0]
    let (a, b) = (uniform("a", rows * depth), uniform("b", depth * columns))
    var panels = [Float](repeating: .nan, count: (columns + panel - 1) / panel * panel * depth)
    arbex_pack_panels_in(kernels.variant, &panels, b, 1, depth, depth, columns)
    for (k, j) in [(0, 0), (depth - 1, columns - 1), (7, columns / 2)] {
      #expect(panels[j / panel * panel * depth + k * panel + j % panel] == b[j * depth + k])
    }
    var (plain, packed) = (
      [Float](repeating: 0, count: rows * columns), [Float](repeating: 0, count: rows * columns)
    )
    arbex_multiply_in(kernels.variant, a, depth, 1, b, 1, depth, &plain, columns, rows, columns, depth, 1, 0)
    arbex_multiply_in(
      kernels.variant, a, depth, 1, panels, panel * depth, 0, &packed, columns, rows, columns, depth, 1, 0)
    #expect(plain == packed)
  }

  /// 100 rows are packed, one is not; 20 columns leave an edge, 32 and 64 do not.
  @Test(
    "a row of a product does not depend on the rows beside it", arguments: Kernels.best.runnable,
    [20, 32, 64, 77])
  func independent(kernels: Kernels, columns: Int) {
    let depth = 300
    let (a, b) = (uniform("a", 100 * depth), uniform("b", depth * columns))
    for (brow, bcolumn) in [(columns, 1), (1, depth)] {
      func product(rows: Range<Int>) -> [Float] {
        var c = [Float](repeating: 0, count: rows.count * columns)
        a.withUnsafeBufferPointer {
          arbex_multiply_in(
            kernels.variant, $0.baseAddress! + rows.lowerBound * depth, depth, 1, b, brow, bcolumn, &c,
            columns,
            rows.count, columns, depth, 1, 0)
        }
        return c
      }
      let all = product(rows: 0..<100)
      for row in [0, 5, 11, 12, 98, 99] {
        #expect(product(rows: row..<row + 1) == Array(all[row * columns..<(row + 1) * columns]), "row \(row)")
      }
    }
  }
}
