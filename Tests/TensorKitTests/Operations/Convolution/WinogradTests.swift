import TensorKit
import TestSupport
import Testing

/// 3x3 convolutions whose channels are multiples of 16 take another way; it must agree with the definition.
@Suite("Winograd convolution")
struct WinogradTests {
  /// The definition of the convolution and its gradients, in double precision.
  private struct Definition {
    let x, w, g: [Float]
    let n, side, inputs, outputs, padding: Int
    var out: Int { side + 2 * padding - 2 }

    private func visit(_ body: (_ y: Int, _ x: Int, _ w: Int) -> Void) {
      for image in 0..<n {
        for row in 0..<out {
          for column in 0..<out {
            for o in 0..<outputs {
              let y = ((image * out + row) * out + column) * outputs + o
              for i in 0..<3 {
                for j in 0..<3 {
                  let (r, c) = (row + i - padding, column + j - padding)
                  guard r >= 0, c >= 0, r < side, c < side else { continue }
                  for k in 0..<inputs {
                    body(y, ((image * side + r) * side + c) * inputs + k, ((o * 3 + i) * 3 + j) * inputs + k)
                  }
                }
              }
            }
          }
        }
      }
    }

    func output() -> [Float] {
      var sums = [Double](repeating: 0, count: n * out * out * outputs)
      visit { sums[$0] += Double(x[$1]) * Double(w[$2]) }
      return sums.map(Float.init)
    }
    func inputGradient() -> [Float] {
      var sums = [Double](repeating: 0, count: x.count)
      visit { sums[$1] += Double(g[$0]) * Double(w[$2]) }
      return sums.map(Float.init)
    }
    func weightGradient() -> [Float] {
      var sums = [Double](repeating: 0, count: w.count)
      visit { sums[$2] += Double(g[$0]) * Double(x[$1]) }
      return sums.map(Float.init)
    }
  }

  @Test(
    "output and gradients, for sides that tiles do and do not divide, with every padding",
    arguments: [
      (2, 8, 16, 32, 1), (1, 7, 32, 16, 1), (3, 5, 16, 16, 0), (1, 6, 16, 16, 2), (2, 14, 48, 32, 1),
      (1, 3, 16, 16, 1),
    ])
  func definition(n: Int, side: Int, inputs: Int, outputs: Int, padding: Int) throws {
    let out = side + 2 * padding - 2
    let x = Tensor([n, side, side, inputs], uniform("x", n * side * side * inputs))
    let w = Tensor([outputs, 3, 3, inputs], uniform("w", outputs * 9 * inputs))
    let g = Tensor([n, out, out, outputs], uniform("g", n * out * out * outputs))
    let definition = Definition(
      x: x.values, w: w.values, g: g.values, n: n, side: side, inputs: inputs, outputs: outputs,
      padding: padding)
    let tape = Tape()
    let (image, kernel) = (tape.watch(x), tape.watch(w))
    let result = image.convolved(weight: kernel, padding: padding)
    expectRelativeNorm(result, Tensor(g.shape, definition.output()), atMost: 5e-6, "output")
    tape.backward(from: result, gradient: g)
    let flow = try #require(tape.gradient(of: image)), change = try #require(tape.gradient(of: kernel))
    expectRelativeNorm(flow, Tensor(x.shape, definition.inputGradient()), atMost: 5e-6, "input gradient")
    expectRelativeNorm(change, Tensor(w.shape, definition.weightGradient()), atMost: 5e-6, "weight gradient")
  }

  @Test("a bias is added once")
  func bias() {
    let result = Tensor.zeros([1, 6, 6, 16]).convolved(
      weight: .ones([16, 3, 3, 16]), bias: Tensor([16], (0..<16).map(Float.init)), padding: 1)
    expectClose(result.mean(along: 0, 1, 2), (0..<16).map(Float.init))
  }
}
