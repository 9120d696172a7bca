import TensorKit
import TestSupport
import Testing

/// y = x · sigmoid(b x), written as one from outside would, with nothing but what is public.
private func swish(_ x: Tensor, slope b: Tensor) -> Tensor {
  let (input, factor) = (x.detached, b.detached)
  let gate = (input * factor).sigmoid()
  let (wantsInput, wantsSlope) = (x.isTracked, b.isTracked)
  return (input * gate).recorded(from: [x, b]) { gradient in
    let bend = gate * (1 - gate) * input
    return [
      wantsInput ? gradient * (gate + bend * factor) : nil,
      wantsSlope ? (gradient * bend * input).sum() : nil,
    ]
  }
}

@Suite("An operation from outside")
struct RecordingTests {
  /// sigmoid(2) = 0.880797078 (tables), so swish(1, slope 2) = 0.880797078 and swish(-1, slope 2) = 0.880797078 - 1.
  @Test("its value, tracked or not")
  func value() {
    let x = Tensor([3], [1, -1, 0]), slope = Tensor.scalar(2)
    expectClose(swish(x, slope: slope), [0.880797078, -0.119202922, 0])
    #expect(!swish(x, slope: slope).isTracked && swish(Tape().watch(x), slope: slope).isTracked)
  }

  @Test("its gradients, of one input used twice too")
  func gradients() {
    let x = Tensor([2, 3], [-2, -0.5, 0.3, 0.9, 1.4, 2.2])
    checkGradients(at: x, .scalar(0.7)) { swish($0[0], slope: $0[1]) }
    checkGradients(at: x) { swish($0, slope: .scalar(0.7)) }
    checkGradients(at: .scalar(0.7)) { swish($0, slope: $0) }
  }

  /// The derivative is s + x s (1 - s) with s = sigmoid(x): 0.731058579 + 0.196611933 at 1, and
  /// 0.880797078 + 2 · 0.104993585 at 2.
  @Test("where one input is not tracked the other gets its gradient")
  func untracked() throws {
    let tape = Tape(), x = tape.watch(Tensor([2], [1, 2]))
    tape.backward(from: swish(x, slope: .scalar(1)).sum())
    expectClose(try #require(tape.gradient(of: x)), [0.927670512, 1.090784248])
  }
}
