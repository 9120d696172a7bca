import TensorKit
import TestSupport
import Testing

/// Gradients against central differences, with a repeated input, a broadcast and an axis of length 1 where the
/// operation has them.
@Suite("Gradients")
struct GradientTests {
  private func numbers(_ name: String, _ shape: [Int], from offset: Float = 0) -> Tensor {
    Tensor(shape, uniform(name, shape.reduce(1, *)).map { $0 + offset })
  }

  @Test(
    "arithmetic with broadcasting",
    arguments: [
      ([2, 3], [2, 3]), ([2, 3], [3]), ([2, 3], [1]), ([2, 3], [2, 1]), ([2, 1, 3], [4, 1]), ([1], [2, 2]),
      ([2, 3, 4], [3, 1]),
    ] as [([Int], [Int])])
  func arithmetic(left: [Int], right: [Int]) {
    let (a, b) = (numbers("a", left), numbers("b", right, from: 2.5))
    checkGradients(at: a, b) { $0[0] + $0[1] }
    checkGradients(at: a, b) { $0[0] - $0[1] }
    checkGradients(at: a, b) { $0[0] * $0[1] }
    checkGradients(at: a, b) { $0[0] / $0[1] }
  }

  @Test("an input used twice gathers both gradients")
  func repeated() {
    checkGradients(at: numbers("x", [3, 2])) { $0 * $0 + $0 }
    checkGradients(at: numbers("x", [3, 3])) { $0.matmul($0) }
    checkGradients(at: numbers("x", [2, 4])) { Tensor.concatenated([$0, $0 * 2], along: 1) }
  }

  @Test("one of each in turn")
  func interleaved() {
    checkGradients(at: numbers("a", [2, 3]), numbers("b", [2, 3])) { $0[0].interleaved(with: $0[1] * $0[0]) }
  }

  @Test("with a number")
  func scalars() {
    let x = numbers("x", [2, 3], from: 2)
    checkGradients(at: x) { 3 - $0 * 2 }
    checkGradients(at: x) { 1 / $0 + $0 / 4 - 1 }
  }

  @Test("element-wise functions")
  func elementwise() {
    let x = Tensor([2, 4], [-1.5, -0.7, -0.2, 0.3, 0.6, 1.1, 1.9, 2.4])
    checkGradients(at: x) { $0.squared() }
    checkGradients(at: x) { $0.exp() }
    checkGradients(at: x) { $0.sigmoid() }
    checkGradients(at: x) { $0.relu() }
    checkGradients(at: x) { $0.gelu() }
    checkGradients(at: x) { $0.clamped(min: 0.45) }
    checkGradients(at: x.squared() + 1) { $0.squareRoot() }
    checkGradients(at: x.squared() + 1) { $0.log() }
    checkGradients(at: x, Tensor([4], [0.1, 0.2, 0.3, -0.4])) { $0[0].prelu(slope: $0[1]) }
  }

  @Test("sums, means and extremes over any axes")
  func reductions() {
    let x = numbers("x", [2, 3, 4])
    checkGradients(at: x) { $0.sum() }
    checkGradients(at: x) { $0.mean() }
    for axis in -1...2 {
      checkGradients(at: x) { $0.sum(along: axis) }
      checkGradients(at: x) { $0.mean(along: axis, keepingDimensions: true) }
      checkGradients(at: x, step: 1e-3, tolerance: 1e-2) { $0.maximum(along: axis) }
      checkGradients(at: x, step: 1e-3, tolerance: 1e-2) { $0.minimum(along: axis) }
    }
    checkGradients(at: x) { $0.sum(along: 0, 2) }
    checkGradients(at: numbers("y", [1, 5])) { $0.sum(along: 0) }
  }

  @Test("softmax and its logarithm")
  func softmax() {
    checkGradients(at: numbers("x", [3, 5])) { $0.softmax() }
    checkGradients(at: numbers("x", [3, 5])) { $0.logSoftmax() }
    checkGradients(at: numbers("x", [3, 1])) { $0.softmax() + $0 }
  }

  @Test("rearranging")
  func rearranging() {
    let x = numbers("x", [2, 3, 4])
    checkGradients(at: x) { $0.reshaped([4, -1]) }
    checkGradients(at: x) { $0.permuted([2, 0, 1]) }
    checkGradients(at: x) { $0.permuted([1, 0, 2]) }
    checkGradients(at: x) { $0.expanded(at: 1).broadcast(to: [2, 5, 3, 4]) }
    checkGradients(at: x) { $0.sliced(along: 1, from: 1, count: 2) }
    checkGradients(at: x) { $0.gathered(rows: [1, 1, 0]) }
    checkGradients(at: numbers("t", [9, 2])) { $0.relativePositionBias(window: 2) }
    checkGradients(at: numbers("t", [25, 1])) { $0.relativePositionBias(window: 3) }
    checkGradients(at: numbers("i", [2, 5, 4, 3])) { $0.strided(by: 2) }
  }

  @Test("matrix products, batched, transposed and with one matrix for all")
  func products() {
    checkGradients(at: numbers("a", [2, 3, 4]), numbers("b", [2, 4, 5])) { $0[0].matmul($0[1]) }
    checkGradients(at: numbers("a", [2, 3, 4]), numbers("b", [2, 5, 4])) {
      $0[0].matmul($0[1], transposingOther: true)
    }
    checkGradients(at: numbers("a", [2, 3, 4]), numbers("b", [4, 5])) { $0[0].matmul($0[1]) }
    checkGradients(at: numbers("a", [2, 3, 4]), numbers("b", [5, 4])) {
      $0[0].matmul($0[1], transposingOther: true)
    }
    checkGradients(at: numbers("a", [1, 1]), numbers("b", [1, 1])) { $0[0].matmul($0[1]) }
  }

  @Test("linear without bias, on one row")
  func linear() {
    checkGradients(at: numbers("x", [1, 3]), numbers("w", [2, 3])) { $0[0].linear(weight: $0[1], bias: nil) }
  }

  @Test(
    "convolution in all its forms: kernel, stride, padding, groups",
    arguments: [
      (1, 1, 0, 1), (3, 1, 1, 1), (3, 1, 0, 1), (3, 2, 1, 1), (3, 1, 1, 2), (3, 2, 0, 4), (2, 2, 1, 2),
      (4, 3, 2, 1),
    ])
  func convolution(kernel: Int, stride: Int, padding: Int, groups: Int) {
    let (x, w) = (numbers("x", [2, 5, 4, 4]), numbers("w", [4, kernel, kernel, 4 / groups]))
    checkGradients(at: x, w, numbers("b", [4])) {
      $0[0].convolved(weight: $0[1], bias: $0[2], stride: stride, padding: padding, groups: groups)
    }
  }

  @Test("batch norm, layer norm")
  func normalization() {
    let (x, s, o) = (numbers("x", [3, 2, 2, 4]), numbers("s", [4], from: 1.5), numbers("o", [4]))
    checkGradients(at: x, s, o) {
      $0[0].normalized(by: BatchNormalization(over: $0[0], scale: $0[1], offset: $0[2], epsilon: 1e-5))
    }
    checkGradients(at: x, s, o, numbers("a", x.shape)) {
      $0[0].normalized(
        by: BatchNormalization(over: $0[0], scale: $0[1], offset: $0[2], epsilon: 1e-5), adding: $0[3])
    }
    checkGradients(at: x, s, o) {
      $0[0].normalized(
        by: BatchNormalization(over: $0[0], scale: $0[1], offset: $0[2], epsilon: 1e-5), adding: $0[0])
    }
    checkGradients(at: x, s, o) { $0[0].layerNormalized(scale: $0[1], offset: $0[2], epsilon: 1e-5) }
    checkGradients(at: x, s, o) {
      $0[0].normalized(
        by: BatchNormalization(mean: o, variance: s, scale: $0[1], offset: $0[2], epsilon: 1e-5))
    }
  }

  @Test("pooling")
  func pooling() {
    // Whole numbers apart, so that a small step changes no winner.
    let order = [7, 2, 14, 9, 4, 11, 0, 13, 5, 15, 8, 3, 12, 1, 10, 6]
    let x = Tensor([1, 4, 4, 2], (0..<32).map { Float(order[$0 / 2]) * ($0 % 2 == 0 ? 1 : -1) })
    checkGradients(at: x) { $0.maxPooled(kernel: 3, stride: 2, padding: 1) }
    checkGradients(at: x) { $0.averagePooled(kernel: 2, stride: 2) }
    checkGradients(at: x) { $0.globalAveragePooled() }
  }

  @Test("attention: shared queries, with and without bias, other lengths")
  func attention() {
    let (q, b) = (numbers("q", [1, 3, 4]), numbers("b", [2, 3, 5]))
    let (k, v) = (numbers("k", [2, 5, 4]), numbers("v", [2, 5, 4]))
    checkGradients(at: q, k, v) { Tensor.attention(query: $0[0], key: $0[1], value: $0[2], heads: 2) }
    checkGradients(at: q, k, v, b) {
      Tensor.attention(query: $0[0], key: $0[1], value: $0[2], heads: 2, bias: $0[3])
    }
    checkGradients(at: numbers("x", [3, 1, 4])) { Tensor.attention(query: $0, key: $0, value: $0, heads: 1) }
    checkGradients(at: q, numbers("kv", [4, 3, 8])) {
      Tensor.attention(query: $0[0], keysAndValues: $0[1], heads: 2)
    }
    checkGradients(at: numbers("qkv", [2, 3, 12])) { Tensor.selfAttention($0, heads: 2) }
    for count in 1...3 {
      checkGradients(at: numbers("x", [2, 3, 4]), numbers("w", [12, 4]), numbers("b", [12])) {
        $0[0].selfAttention(asking: count, weight: $0[1], bias: $0[2], heads: 2)
      }
    }
  }

  @Test("a second backward pass over new operations gives the same bits")
  func repeatable() {
    let (x, w) = (numbers("x", [4, 9, 9, 16]), numbers("w", [16, 3, 3, 16]))
    func gradient() -> [Float] {
      let tape = Tape()
      let leaf = tape.watch(w)
      tape.backward(from: x.convolved(weight: leaf, padding: 1).gelu().sum())
      return tape.gradient(of: leaf)?.values ?? []
    }
    #expect(gradient() == gradient())
  }
}
