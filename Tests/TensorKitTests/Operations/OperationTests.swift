import TensorKit
import TestSupport
import Testing

/// Values worked out by hand.
@Suite("Operations")
struct OperationTests {
  @Test("broadcasting aligns shapes at the last axis")
  func broadcasting() {
    let column = Tensor([2, 1], [10, 20]), row = Tensor([3], [1, 2, 3])
    expectClose(column + row, [[11, 12, 13], [21, 22, 23]])
    expectClose(column * row, [[10, 20, 30], [20, 40, 60]])
    expectClose(row - Tensor([1], [1]), [0, 1, 2])
    expectClose(6 / row, [6, 3, 2])
  }

  @Test("reductions")
  func reductions() {
    let x = Tensor([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])
    expectClose(x.sum(), [36])
    expectClose(x.sum(along: 0), [[6, 8], [10, 12]])
    expectClose(x.sum(along: 0, 1), [16, 20])
    expectClose(x.mean(along: 1, 2), [2.5, 6.5])
    #expect(x.sum(along: 1, keepingDimensions: true).shape == [2, 1, 2])
    expectClose(x.maximum(along: 1), [[3, 4], [7, 8]])
    expectClose(x.minimum(along: 0), [[1, 2], [3, 4]])
    #expect(Tensor([2, 3], [1, 5, 5, 9, 2, 9]).argmax() == [1, 0])
  }

  /// By hand for w = 2: rows and columns differ by -1, 0 or 1, so the table has 3 x 3 rows.
  @Test("the bias of two positions is read where their distance says")
  func relativePositions() {
    let table = Tensor([9, 2], (0..<9).flatMap { [Float($0), Float(10 * $0)] })
    let places: [Float] = [4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4]
    expectClose(table.relativePositionBias(window: 2), Tensor([2, 4, 4], places + places.map { 10 * $0 }))
    let seven = Tensor([169, 1], (0..<169).map(Float.init)).relativePositionBias(window: 7).values
    #expect([seven[0], seven[48], seven[48 * 49], seven[10 * 49 + 3]] == [84, 0, 168, 97])
  }

  @Test("rearranging")
  func rearranging() {
    let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6])
    expectClose(x.permuted([1, 0]), [[1, 4], [2, 5], [3, 6]])
    expectClose(x.sliced(along: 1, from: 1, count: 2), [[2, 3], [5, 6]])
    expectClose(Tensor.concatenated([x, x], along: 0).gathered(rows: [3, 0]), [[4, 5, 6], [1, 2, 3]])
    expectClose(x.gathered(rows: [1, 1]), [[4, 5, 6], [4, 5, 6]])
    #expect(x.expanded(at: -1).shape == [2, 3, 1])
    expectClose(
      x.interleaved(with: x * 10), [[1, 10, 2, 20, 3, 30], [4, 40, 5, 50, 6, 60]])
    // Longer than a thread's piece, and no multiple of a vector.
    let long = Tensor([3, 7001], (0..<21_003).map(Float.init))
    #expect(long.interleaved(with: long).values == (0..<42_006).map { Float($0 / 2) })
    #expect(
      Tensor.concatenated([long, long], along: 1).sliced(along: 1, from: 7001, count: 7001).values
        == long.values)
    // Nearest resizing by a half takes pixels (0, 0), (0, 2), (2, 0), (2, 2) of 4x4.
    let map = Tensor([1, 4, 4, 1], (0..<16).map(Float.init))
    expectClose(map.strided(by: 2), Tensor([1, 2, 2, 1], [0, 2, 8, 10]))
  }

  @Test("softmax survives huge inputs, equal inputs and one class")
  func extremeSoftmax() {
    expectClose(Tensor([1, 3], [1e4, -1e4, 1e4]).softmax(), [[0.5, 0, 0.5]])
    expectClose(Tensor([1, 4], [7, 7, 7, 7]).softmax(), [[0.25, 0.25, 0.25, 0.25]])
    expectClose(Tensor([2, 1], [3, -3]).softmax(), [[1], [1]])
    expectClose(Tensor([1, 2], [1e4, 0]).logSoftmax(), [[0, -1e4]])
  }

  @Test("not a number goes through, so that the trainer can see it")
  func notANumber() {
    let x = Tensor([1, 2], [.nan, 1])
    #expect(x.relu().values[0].isNaN && x.exp().values[0].isNaN && x.sigmoid().values[0].isNaN)
    #expect(x.gelu().values[0].isNaN && x.clamped(min: 0).values[0].isNaN)
    #expect(!x.isFinite && !Tensor([1], [.infinity]).isFinite && Tensor([1], [3]).isFinite)
  }

  /// e¹ = 2.718281828, e⁻⁵⁰ = 1.928749848e-22, σ(0) = 1/2, σ(2) = 0.880797078; GELU(1) = Φ(1) = 0.841344746,
  /// GELU(-3) = -3 Φ(-3) = -0.004049694 (tables of the normal distribution).
  @Test("transcendental functions")
  func transcendental() {
    expectClose(
      Tensor([3], [1, -50, 0]).exp(), [2.718281828, 1.928749848e-22, 1], absolute: 0, relative: 3e-7)
    expectClose(Tensor([2], [0, 2]).sigmoid(), [0.5, 0.880797078], absolute: 1e-7)
    expectClose(Tensor([3], [1, -3, 0]).gelu(), [0.841344746, -0.004049694, 0], absolute: 5e-7)
    #expect(Tensor([2], [-200, 200]).exp().values == [0, .infinity])
  }

  @Test("the identity kernel leaves a map as it is; a kernel of ones sums its neighbourhood")
  func convolution() {
    let map = Tensor([1, 3, 3, 1], (1...9).map(Float.init))
    var identity = [Float](repeating: 0, count: 9)
    identity[4] = 1
    expectClose(map.convolved(weight: Tensor([1, 3, 3, 1], identity), padding: 1), map)
    let sums = map.convolved(weight: .ones([1, 3, 3, 1]), stride: 2, padding: 1)
    expectClose(sums, Tensor([1, 2, 2, 1], [12, 16, 24, 28]))  // corners: 1+2+4+5, 2+3+5+6, 4+5+7+8, 5+6+8+9
  }

  @Test("pooling")
  func pooling() {
    let map = Tensor([1, 2, 2, 2], [1, -1, 2, -2, 3, -3, 4, -4])
    expectClose(map.maxPooled(kernel: 2, stride: 2), Tensor([1, 1, 1, 2], [4, -1]))
    expectClose(
      map.maxPooled(kernel: 2, stride: 2, padding: 1).sliced(along: 1, from: 0, count: 1),
      Tensor([1, 1, 2, 2], [1, -1, 2, -2]))
    expectClose(map.averagePooled(kernel: 2, stride: 2), Tensor([1, 1, 1, 2], [2.5, -2.5]))
    expectClose(map.globalAveragePooled(), [[2.5, -2.5]])
  }

  @Test(
    "large products agree with a plain loop, whatever way they are cut",
    arguments: [(300, 40, 520), (40, 600, 130), (30, 20, 9000), (116, 70, 700), (70, 116, 700), (7, 1, 5)])
  func largeProducts(rows: Int, columns: Int, depth: Int) {
    let a = Tensor([rows, depth], uniform("a", rows * depth))
    let b = Tensor([depth, columns], uniform("b", depth * columns))
    let (left, right) = (a.values, b.values)
    var expected = [Float](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for k in 0..<depth { sum += Double(left[row * depth + k]) * Double(right[k * columns + column]) }
        expected[row * columns + column] = Float(sum)
      }
    }
    expectRelativeNorm(a.matmul(b), Tensor([rows, columns], expected), atMost: 1e-6, "product")
  }

  @Test("updating in place leaves copies alone and drops the history")
  func update() {
    let tape = Tape()
    var x = tape.watch(Tensor([2], [1, 2]))
    let copy = x
    x.update { $0[0] = 9 }
    #expect(x.values == [9, 2] && copy.values == [1, 2] && !x.isTracked && copy.isTracked)
  }
}
