import TestSupport
import Testing

@testable import TensorKit

@Suite("Traces of operations")
struct TraceTests {
  private let trace = Trace()
  private let x = Tensor([2, 4, 4, 3], uniform("traced", 96))

  private func traced(_ tensor: Tensor) -> Tensor { Tape(tracing: trace).watch(tensor) }

  private var operations: [TracedOperation] { trace.steps.map(\.operation) }

  /// The operands of a step: the number of a step, nil for a constant.
  private func operands(_ index: Int) -> [Int?] {
    trace.steps[index].operands.map { operand in
      if case .step(let step) = operand { return step }
      return nil
    }
  }

  @Test("each operation tells its kind, its operands in their order, and its shape")
  func chain() {
    let start = traced(x)
    let y = (1 - start).clamped(min: 0).sum(along: 1, 2) / Tensor([3], [1, 2, 3])
    #expect(
      operations == [
        .input, .multiply, .add, .clamp(lowest: 0, highest: .infinity),
        .sum(axes: [1, 2], keepsDimensions: false), .divide,
      ])
    #expect((1...5).map(operands) == [[0, nil], [1, nil], [2], [3], [4, nil]])
    #expect(trace.steps[4].shape == [2, 3] && y.shape == [2, 3])
    if case .constant(let divisor) = trace.steps[5].operands[1] { #expect(divisor.values == [1, 2, 3]) }
  }

  @Test("what does several things at once does them one by one, and finds the same numbers")
  func unfused() {
    let (scale, offset) = (Tensor([3], [1, 2, 3]), Tensor([3], [0.5, -1, 0]))
    let norm = BatchNormalization(
      mean: Tensor([3], [0.1, 0.2, 0.3]), variance: Tensor([3], [1, 2, 0.5]), scale: scale, offset: offset,
      epsilon: 1e-5)
    let slope = Tensor([3], [0.25, 0, -0.5]), weight = Tensor([2, 3, 3, 3], uniform("weight", 54))
    let found = traced(x).convolved(after: norm, slope: slope, weight: weight, padding: 1)
    expectClose(
      found.detached, x.convolved(after: norm, slope: slope, weight: weight, padding: 1), absolute: 1e-5)
    #expect(
      operations == [
        .input, .batchNormalization(epsilon: 1e-5), .prelu,
        .convolution(stride: 1, padding: 1, dilation: 1, groups: 1),
      ])
    #expect(operands(1) == [0, nil, nil, nil, nil])
    expectClose(
      traced(x).prelu(slope: slope, after: norm).detached, x.prelu(slope: slope, after: norm), absolute: 1e-6)
    expectClose(
      traced(x).normalized(by: norm, adding: x).detached, x.normalized(by: norm, adding: x), absolute: 1e-6)
  }

  @Test("attention in each of its forms finds the same numbers by elementary operations")
  func attention() {
    let tokens = Tensor([4, 5, 8], uniform("tokens", 160)), query = Tensor([2, 3, 8], uniform("query", 48))
    let both = Tensor([4, 5, 16], uniform("both", 320)), bias = Tensor([2, 3, 5], uniform("bias", 30))
    let weight = Tensor([24, 8], uniform("weight", 192)), shift = Tensor([24], uniform("shift", 24))
    let all = Tensor([4, 5, 24], uniform("all", 480))
    let pairs = [
      (
        Tensor.attention(query: traced(query), keysAndValues: both, heads: 2, bias: bias),
        Tensor.attention(query: query, keysAndValues: both, heads: 2, bias: bias)
      ),
      (
        Tensor.attention(query: query, key: traced(tokens), value: tokens, heads: 4),
        Tensor.attention(query: query, key: tokens, value: tokens, heads: 4)
      ),
      (Tensor.selfAttention(traced(all), heads: 2), Tensor.selfAttention(all, heads: 2)),
      (
        traced(tokens).selfAttention(asking: 2, weight: weight, bias: shift, heads: 2),
        tokens.selfAttention(asking: 2, weight: weight, bias: shift, heads: 2)
      ),
    ]
    for (found, expected) in pairs { expectClose(found, expected, absolute: 1e-6) }
    #expect(
      operations.contains(.softmax) && !operations.contains { if case .unknown = $0 { true } else { false } })
  }

  /// The example of `recorded(from:)`.
  private func swish(_ x: Tensor, slope b: Tensor) -> Tensor {
    let (input, factor) = (x.detached, b.detached)
    let gate = (input * factor).sigmoid()
    return (input * gate).recorded(from: [x, b]) { _ in [nil, nil] }
  }

  @Test("an operation from outside is known by those that it was made of, else by its name alone")
  func outside() {
    let y = swish(traced(x), slope: .scalar(2))
    #expect(operations == [.input, .multiply, .sigmoid, .multiply] && operands(3) == [0, 2])
    func halved(_ x: Tensor) -> Tensor {
      Tensor(x.shape, x.values.map { $0 / 2 }).recorded(from: [x]) { [$0 * 0.5] }
    }
    let raw = halved(y)
    #expect(operations.last == .unknown("halved") && raw.isTraced && operands(4) == [3])
  }

  @Test("places that scores have chosen are known by the scores")
  func strongest() {
    let rows = traced(Tensor([2, 4, 1], [9, 1, 2, 3, 9, 4, 5, 6]))
    let scores = rows.sliced(along: 1, from: 1, count: 3).reshaped([2, 3])
    let places = scores.topPlaces(2).map { $0.sorted() }
    let kept = rows.gathered(strongest: places, by: scores, behind: 1)
    #expect(kept.values == [9, 2, 3, 9, 5, 6])
    #expect(operations.last == .gatherStrongest(count: 2, leading: 1))
    #expect(operands(trace.steps.count - 1) == [0, 2])
  }

  @Test("a choice by a traced mask is one of the operands")
  func select() {
    let mask = traced(Tensor([2], [0, 1]))
    let found = Tensor.select(mask, .ones([2]), .zeros([2]))
    #expect(found.isTraced && operations.last == .select && operands(trace.steps.count - 1) == [0, nil, nil])
  }

  @Test("a tape that finds gradients keeps no trace, and detached tensors no history")
  func ordinary() {
    let tape = Tape()
    let leaf = tape.watch(x)
    #expect(!leaf.isTraced && leaf.isTracked && !leaf.detached.isTracked)
    tape.backward(from: leaf.squared().sum())
    #expect(tape.gradient(of: leaf)?.values == x.values.map { 2 * $0 })
  }
}
