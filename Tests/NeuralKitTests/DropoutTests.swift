import NeuralKit
import TensorKit
import TestSupport
import Testing

@Suite("Dropout and drop path")
struct DropoutTests {
  private let scope = ParameterScope()

  @Test("dropout keeps the mean, depends on step and name, and does nothing in evaluation")
  func dropout() {
    let (first, second) = (Dropout(0.25, in: scope / "a"), Dropout(0.25, in: scope / "b"))
    let x = Tensor.ones([100, 100])
    func drop(_ layer: Dropout, step: Int) -> [Float] {
      layer(x, .training(on: Tape(), seed: 1, step: step)).values
    }
    let once = drop(first, step: 3)
    #expect(Set(once) == [0, 1 / 0.75])
    // 10,000 draws: the standard error of the share is √(0.25 · 0.75 / 10⁴) = 0.0043.
    #expect(abs(Float(once.count { $0 == 0 }) / 10_000 - 0.25) < 0.02)
    #expect(drop(first, step: 3) == once && drop(first, step: 4) != once && drop(second, step: 3) != once)
    #expect(first(x, .evaluation).values == x.values)
  }

  @Test("drop path drops whole samples")
  func dropPath() {
    let path = DropPath(0.5, in: scope)
    let rows = path(.ones([40, 3, 2]), .training(on: Tape(), seed: 1, step: 0)).reshaped([40, 6]).values
    let samples = stride(from: 0, to: rows.count, by: 6).map { Set(rows[$0..<$0 + 6]) }
    #expect(samples.allSatisfy { $0 == [0] || $0 == [2] } && Set(samples).count == 2)
  }

  @Test("a row is treated by its place in the whole batch, whatever the pieces")
  func rowsByPlace() {
    let dropout = Dropout(0.5, in: scope / "dropout"), path = DropPath(0.5, in: scope / "path")
    func run(_ rows: Int, from first: Int) -> [Float] {
      var pass = ForwardPass.training(on: Tape(), seed: 1, step: 2)
      pass.firstRow = first
      return dropout(.ones([rows, 4, 5]), pass).values + path(.ones([rows, 2]), pass).values
    }
    let whole = run(6, from: 0), pieces = [run(3, from: 0), run(3, from: 3)]
    #expect(Array(whole[..<120]) == pieces.flatMap { $0[..<60] })
    #expect(Array(whole[120...]) == pieces.flatMap { $0[60...] })
    #expect(pieces[0] != pieces[1])
  }

  /// Rows 0, 2, 4 are the first view of three samples, rows 1, 3, 5 the second.
  @Test("every view of a sample draws by itself, one at a time as all together")
  func views() {
    let dropout = Dropout(0.5, in: scope / "dropout")
    var pass = ForwardPass.training(on: Tape(), seed: 1, step: 2)
    let together = dropout(.ones([6, 20]), pass).values
    let views = (0..<2).map { view in
      (pass.firstRow, pass.rowStride) = (view, 2)
      return dropout(.ones([3, 20]), pass).values
    }
    let woven = (0..<6).flatMap { row in
      let start = row / 2 * 20
      return Array(views[row % 2][start..<start + 20])
    }
    #expect(woven == together && views[0] != views[1])
  }
}
