import CKernels
import Foundation
import TestSupport
import Testing

@testable import TensorKit

/// Loops over rows, each kind that this CPU has, against the definition in double precision.
@Suite("Row by row, every kind of kernel")
struct RowKernelTests {
  struct Sizes: CustomTestStringConvertible {
    var rows, columns: Int
    var testDescription: String { "\(rows) x \(columns)" }
  }
  static let sizes = [(1, 1), (3, 7), (5, 16), (2, 33), (7, 100)].map(Sizes.init)

  private func compare(
    _ name: String, _ found: [Float], _ expected: [Double], atMost allowed: Double = 2e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      relativeNorm(found, expected.map(Float.init)) <= allowed, "\(name)", sourceLocation: sourceLocation)
  }

  /// The matrices and rows that the loops work on, in double precision too.
  private struct Values {
    let rows, columns: Int
    let x, dy, slope, mean, inverse, scale, offset: [Float]

    init(_ sizes: Sizes) {
      (rows, columns) = (sizes.rows, sizes.columns)
      let count = rows * columns
      (x, dy, slope) = (uniform("x", count).map { 3 * $0 }, uniform("dy", count), uniform("slope", columns))
      (mean, offset) = (uniform("mean", columns), uniform("offset", columns))
      inverse = uniform("inverse", columns).map { 1.5 + $0 }
      scale = uniform("scale", columns).map { 1.5 + $0 }
    }

    /// Slopes, and a gain and an offset before them.
    func prologue(isScaled: Bool = false, _ body: (arbex_prologue) -> Void) {
      scale.withUnsafeBufferPointer { gain in
        offset.withUnsafeBufferPointer { offset in
          slope.withUnsafeBufferPointer { slope in
            body(
              arbex_prologue(
                gain: isScaled ? gain.baseAddress : nil, offset: isScaled ? offset.baseAddress : nil,
                slope: slope.baseAddress))
          }
        }
      }
    }

    /// One value per element, from row and column.
    func elements(_ value: (_ row: Int, _ column: Int) -> Double) -> [Double] {
      (0..<rows).flatMap { row in (0..<columns).map { value(row, $0) } }
    }
    /// One sum over the rows per column.
    func sums(_ value: (_ row: Int, _ column: Int) -> Double) -> [Double] {
      (0..<columns).map { column in (0..<rows).reduce(0) { $0 + value($1, column) } }
    }
    func x(_ row: Int, _ column: Int) -> Double { Double(x[row * columns + column]) }
    func dy(_ row: Int, _ column: Int) -> Double { Double(dy[row * columns + column]) }
    func normalized(_ row: Int, _ column: Int) -> Double {
      (x(row, column) - Double(mean[column])) * Double(inverse[column])
    }
  }

  @Test("slopes, sums and offsets of columns", arguments: Kernels.best.runnable, sizes)
  func columns(kernels: Kernels, sizes: Sizes) {
    let (v, k) = (Values(sizes), kernels.variant)
    let (rows, columns, ones) = (v.rows, v.columns, [Float](repeating: 1, count: v.columns))
    var y = v.dy
    var slopes = ones
    v.prologue { arbex_prelu_gradient_in(k, &y, &slopes, v.dy, v.x, $0, rows, columns) }
    compare("prelu dx", y, v.elements { (v.x($0, $1) > 0 ? 1 : Double(v.slope[$1])) * v.dy($0, $1) })
    compare(
      "prelu dslope", slopes, v.sums { v.x($0, $1) > 0 ? 0 : v.dy($0, $1) * v.x($0, $1) }.map { 1 + $0 })

    let scaled = { (row: Int, column: Int) in
      v.x(row, column) * Double(v.scale[column]) + Double(v.offset[column])
    }
    (y, slopes) = (v.dy, ones)
    v.prologue(isScaled: true) { prologue in
      y.withUnsafeMutableBufferPointer { y in
        arbex_prelu_gradient_in(k, y.baseAddress, &slopes, y.baseAddress, v.x, prologue, rows, columns)
      }
    }
    compare(
      "prelu dx behind a norm, in place", y,
      v.elements {
        (scaled($0, $1) > 0 ? 1 : Double(v.slope[$1])) * v.dy($0, $1)
      })
    compare(
      "prelu dslope behind a norm", slopes,
      v.sums {
        scaled($0, $1) > 0 ? 0 : v.dy($0, $1) * scaled($0, $1)
      }.map { 1 + $0 })

    y = v.x
    arbex_add_row_in(k, &y, v.offset, rows, columns)
    compare("add row", y, v.elements { v.x($0, $1) + Double(v.offset[$1]) })
    var (first, second) = (ones, ones)
    arbex_column_sums_in(k, &first, v.x, rows, columns)
    compare("column sums", first, v.sums(v.x).map { 1 + $0 })
    arbex_column_square_sums_in(k, &second, v.x, v.mean, rows, columns)
    compare("column square sums", second, v.sums { pow(v.x($0, $1) - Double(v.mean[$1]), 2) }.map { 1 + $0 })

    #expect(abs(Double(arbex_sum_in(k, v.x, v.x.count)) - v.sums(v.x).reduce(0, +)) < 1e-4)
    var sums = [Float](repeating: .nan, count: rows)
    arbex_row_sums_in(k, &sums, v.x, rows, columns)
    compare(
      "row sums", sums, (0..<rows).map { row in (0..<columns).reduce(0) { $0 + v.x(row, $1) } }, atMost: 1e-5)
  }

  @Test("the end of a result, in all its parts and in some", arguments: Kernels.best.runnable, sizes)
  func epilogue(kernels: Kernels, sizes: Sizes) {
    let (v, k) = (Values(sizes), kernels.variant)
    v.scale.withUnsafeBufferPointer { gain in
      v.offset.withUnsafeBufferPointer { offset in
        v.dy.withUnsafeBufferPointer { addend in
          v.slope.withUnsafeBufferPointer { slope in
            for parts in 0..<8 {
              let (isScaled, isAdded, isBent) = (parts & 1 != 0, parts & 2 != 0, parts & 4 != 0)
              let epilogue = arbex_epilogue(
                gain: isScaled ? gain.baseAddress : nil,
                offset: isScaled || isAdded ? offset.baseAddress : nil,
                addend: isAdded ? addend.baseAddress : nil, slope: isBent ? slope.baseAddress : nil)
              let expected = v.elements { row, column in
                let sum =
                  (isScaled ? Double(v.scale[column]) : 1) * v.x(row, column)
                  + (isScaled || isAdded ? Double(v.offset[column]) : 0) + (isAdded ? v.dy(row, column) : 0)
                return sum > 0 || !isBent ? sum : Double(v.slope[column]) * sum
              }
              var (y, same) = ([Float](repeating: .nan, count: v.x.count), v.x)
              arbex_finish_rows_in(k, &y, v.x, epilogue, v.rows, v.columns)
              compare("parts \(parts)", y, expected)
              same.withUnsafeMutableBufferPointer { same in
                arbex_finish_rows_in(k, same.baseAddress, same.baseAddress, epilogue, v.rows, v.columns)
              }
              #expect(same == y, "parts \(parts) in place")
            }
          }
        }
      }
    }
  }

  @Test(
    "rows become columns", arguments: Kernels.best.runnable, sizes + [(16, 48), (37, 50)].map(Sizes.init))
  func transpose(kernels: Kernels, sizes: Sizes) {
    let (v, rows, columns) = (Values(sizes), sizes.rows, sizes.columns)
    var y = [Float](repeating: -9, count: columns * (rows + 1))
    arbex_transpose_in(kernels.variant, &y, rows + 1, v.x, columns, rows, columns)
    for c in 0..<columns {
      #expect((0..<rows).map { y[c * (rows + 1) + $0] } == (0..<rows).map { v.x[$0 * columns + c] })
      #expect(y[c * (rows + 1) + rows] == -9)
    }
  }

  @Test("batch norm's gradient", arguments: Kernels.best.runnable, sizes)
  func batchNorm(kernels: Kernels, sizes: Sizes) {
    let (v, k) = (Values(sizes), kernels.variant)
    var (first, second) = ([Float](repeating: 1, count: v.columns), [Float](repeating: 1, count: v.columns))
    let none = arbex_prologue()
    arbex_normalization_sums_in(k, &first, &second, v.dy, v.x, v.mean, v.inverse, none, v.rows, v.columns)
    compare("first", first, v.sums(v.dy).map { 1 + $0 })
    compare("second", second, v.sums { v.dy($0, $1) * v.normalized($0, $1) }.map { 1 + $0 })
    var dx = v.x
    arbex_batch_norm_gradient_in(
      k, &dx, v.dy, v.x, v.mean, v.inverse, v.scale, v.slope, v.offset, 5, none, v.rows, v.columns)
    let expected = { (flow: (Int, Int) -> Double) in
      v.elements { row, column in
        let (first, second) = (Double(v.slope[column]), Double(v.offset[column]))
        return Double(v.scale[column]) * Double(v.inverse[column])
          * (flow(row, column) - first / 5 - v.normalized(row, column) * second / 5)
      }
    }
    compare("dx", dx, expected(v.dy))

    // An activation behind the norm: where its argument is not positive, a share of the gradient comes back.
    let before = { (row: Int, column: Int) in
      let argument = v.x(row, column) * Double(v.scale[column]) + Double(v.offset[column])
      return (argument > 0 ? 1 : Double(v.slope[column])) * v.dy(row, column)
    }
    for index in first.indices { (first[index], second[index]) = (1, 1) }
    dx = v.dy
    v.prologue(isScaled: true) { prologue in
      arbex_normalization_sums_in(
        k, &first, &second, v.dy, v.x, v.mean, v.inverse, prologue, v.rows, v.columns)
      dx.withUnsafeMutableBufferPointer { dx in
        arbex_batch_norm_gradient_in(
          k, dx.baseAddress, dx.baseAddress, v.x, v.mean, v.inverse, v.scale, v.slope, v.offset, 5, prologue,
          v.rows, v.columns)
      }
    }
    compare("first, activated", first, v.sums(before).map { 1 + $0 })
    compare("second, activated", second, v.sums { before($0, $1) * v.normalized($0, $1) }.map { 1 + $0 })
    compare("dx, activated, in place", dx, expected(before))
  }

  @Test("softmax, its logarithm and their gradients", arguments: Kernels.best.runnable, sizes)
  func softmax(kernels: Kernels, sizes: Sizes) {
    let (v, k) = (Values(sizes), kernels.variant)
    let totals = (0..<v.rows).map { row in (0..<v.columns).reduce(0) { $0 + exp(v.x(row, $1)) } }
    let share = { (row: Int, column: Int) in exp(v.x(row, column)) / totals[row] }
    var y = v.dy
    arbex_softmax_in(k, &y, v.x, v.rows, v.columns)
    compare("softmax", y, v.elements(share))
    var dx = v.dy
    arbex_softmax_gradient_in(k, &dx, v.dy, y, v.rows, v.columns)
    let mixed = (0..<v.rows).map { row in (0..<v.columns).reduce(0) { $0 + v.dy(row, $1) * share(row, $1) } }
    let expected = v.elements { share($0, $1) * (v.dy($0, $1) - mixed[$0]) }
    #expect(zip(dx, expected).allSatisfy { abs(Double($0) - $1) < 5e-7 }, "softmax gradient")
    arbex_log_softmax_in(k, &y, v.x, v.rows, v.columns)
    let logarithms = v.elements { v.x($0, $1) - log(totals[$0]) }
    #expect(zip(y, logarithms).allSatisfy { abs(Double($0) - $1) < 2e-6 }, "log softmax")
    arbex_log_softmax_gradient_in(k, &dx, v.dy, y, v.rows, v.columns)
    let flows = (0..<v.rows).map { row in (0..<v.columns).reduce(0) { $0 + v.dy(row, $1) } }
    let flow = v.elements { v.dy($0, $1) - share($0, $1) * flows[$0] }
    #expect(zip(dx, flow).allSatisfy { abs(Double($0) - $1) < 5e-6 }, "log softmax gradient")
  }

  @Test("layer norm and its gradient", arguments: Kernels.best.runnable, sizes)
  func layerNorm(kernels: Kernels, sizes: Sizes) {
    let (v, k, n) = (Values(sizes), kernels.variant, Double(sizes.columns))
    let mean = (0..<v.rows).map { row in (0..<v.columns).reduce(0) { $0 + v.x(row, $1) } / n }
    let inverse = (0..<v.rows).map { row in
      1 / ((0..<v.columns).reduce(0) { $0 + pow(v.x(row, $1) - mean[row], 2) } / n + 0.1).squareRoot()
    }
    let normalized = { (row: Int, column: Int) in (v.x(row, column) - mean[row]) * inverse[row] }
    let empty = [Float](repeating: .nan, count: v.rows)
    var (y, foundMean, foundInverse) = (v.dy, empty, empty)
    arbex_layer_norm_in(k, &y, &foundMean, &foundInverse, v.x, v.scale, v.offset, 0.1, v.rows, v.columns)
    compare("mean", foundMean, mean, atMost: 1e-5)
    compare("inverse", foundInverse, inverse)
    compare("output", y, v.elements { normalized($0, $1) * Double(v.scale[$1]) + Double(v.offset[$1]) })

    var (dx, dscale, doffset) = (v.dy, v.scale, v.offset)
    arbex_layer_norm_gradient_in(
      k, &dx, &dscale, &doffset, v.dy, v.x, foundMean, foundInverse, v.scale, v.rows, v.columns)
    let flow = { (row: Int, column: Int) in v.dy(row, column) * Double(v.scale[column]) }
    let first = (0..<v.rows).map { row in (0..<v.columns).reduce(0) { $0 + flow(row, $1) } / n }
    let second = (0..<v.rows).map { row in
      (0..<v.columns).reduce(0) { $0 + flow(row, $1) * normalized(row, $1) } / n
    }
    let expected = v.elements { inverse[$0] * (flow($0, $1) - first[$0] - normalized($0, $1) * second[$0]) }
    #expect(zip(dx, expected).allSatisfy { abs(Double($0) - $1) < 5e-6 }, "dx")
    compare(
      "dscale", dscale, zip(v.scale, v.sums { v.dy($0, $1) * normalized($0, $1) }).map { Double($0) + $1 })
    compare("doffset", doffset, zip(v.offset, v.sums(v.dy)).map { Double($0) + $1 })
  }
}
