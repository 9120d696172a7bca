import TensorKit
import TestSupport
import Testing

@Suite("Element-wise functions and selection")
struct ElementwiseTests {
  private let x = Tensor([2, 3], [-1.5, -0.6, -0.2, 0.3, 0.9, 1.7])

  /// torch.tensor([-2, -0.5, 0, 0.25, 3.0]): .tanh(), .pow(3), .abs().pow(1.5) of PyTorch 2.13; the rest by hand.
  @Test("values")
  func values() {
    let z = Tensor([5], [-2, -0.5, 0, 0.25, 3])
    expectClose(z.tanh(), [-0.96402758, -0.46211717, 0, 0.24491866, 0.99505478], absolute: 1e-7)
    expectClose(z.pow(3), [-8, -0.125, 0, 0.015625, 27])
    expectClose(z.abs().pow(1.5), [2.8284271, 0.35355338, 0, 0.125, 5.1961522])
    expectClose(Tensor([2], [-2, 0.5]).pow(-2), [0.25, 4])
    expectClose(z.abs(), [2, 0.5, 0, 0.25, 3])
    expectClose(z.clamped(min: -0.5, max: 1), [-0.5, -0.5, 0, 0.25, 1])
    expectClose(z.clamped(max: 0), [-2, -0.5, 0, 0, 0])
    #expect(Tensor([1], [-8]).pow(0.5).item.isNaN && Tensor([1], [.nan]).clamped(max: 1).item.isNaN)
    #expect(Tensor([1], [.nan]).tanh().item.isNaN && Tensor([1], [.nan]).abs().item.isNaN)
  }

  @Test("gradients, also of an input used twice and of an axis of length 1")
  func gradients() {
    for shape in [[2, 3], [6, 1]] {
      let x = x.reshaped(shape)
      checkGradients(at: x) { $0.tanh() + $0 }
      checkGradients(at: x) { $0.abs() * $0 }
      checkGradients(at: x) { $0.pow(3) }
      checkGradients(at: x + 2) { $0.pow(-1.5) }
      checkGradients(at: x, step: 1e-3) { $0.clamped(min: -0.4, max: 0.5) * $0 }
    }
  }

  /// What PyTorch 2.13 gives for (lambda t: t.abs()), clamp(-0.5, 0.25) and pow(2, 0, 1) at these five points.
  @Test("gradients at kinks")
  func kinks() throws {
    func gradient(_ function: (Tensor) -> Tensor) throws -> Tensor {
      let tape = Tape(), z = tape.watch(Tensor([5], [-2, -0.5, 0, 0.25, 3]))
      tape.backward(from: function(z).sum())
      return try #require(tape.gradient(of: z))
    }
    expectClose(try gradient { $0.abs() }, [-1, -1, 0, 1, 1])
    expectClose(try gradient { $0.clamped(min: -0.5, max: 0.25) }, [0, 1, 1, 1, 0])
    expectClose(try gradient { $0.pow(2) }, [-4, -1, 0, 0.5, 6])
    expectClose(try gradient { $0.pow(0) }, [0, 0, 0, 0, 0])
    expectClose(try gradient { $0.pow(1) }, [1, 1, 1, 1, 1])
  }

  @Test("a mask selects, by broadcasting")
  func selection() {
    let mask = Tensor([2, 1], [1, 0])
    expectClose(
      Tensor.select(mask, Tensor([3], [1, 2, 3]), .scalar(9)), [[1, 2, 3], [9, 9, 9]])
    expectClose(Tensor.select(Tensor([3], [0, 1, 0]), x, -x), [[1.5, -0.6, 0.2], [-0.3, 0.9, -1.7]])
  }

  @Test("gradients of a selection, by broadcasting and of one input on both sides")
  func selectionGradients() {
    let mask = Tensor([2, 1, 3], [1, 0, 1, 0, 0, 1])
    checkGradients(at: x, Tensor([1, 3], [0.5, 1, 2])) { Tensor.select(mask, $0[0], $0[1]) }
    checkGradients(at: x) { Tensor.select(mask, $0, $0 * $0) }
    checkGradients(at: x.reshaped([6, 1]), .scalar(2)) {
      Tensor.select(Tensor([1, 2], [1, 0]), $0[0], $0[1])
    }
  }

  /// √x is infinitely steep at 0: only the side that was taken may answer.
  @Test("what was not selected does no harm")
  func notSelected() throws {
    let tape = Tape(), z = tape.watch(Tensor([2], [0, 4]))
    tape.backward(from: Tensor.select(Tensor([2], [0, 1]), z.squareRoot(), z * 3).sum())
    let gradient = try #require(tape.gradient(of: z)).values
    #expect(gradient[1] == 0.25)
  }
}
