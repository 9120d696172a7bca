import TensorKit
import TestSupport
import Testing

@Suite("Tape")
struct TapeTests {
  @Test("a leaf the loss does not depend on has no gradient")
  func independent() {
    let tape = Tape()
    let (used, unused) = (tape.watch(Tensor([1], [3])), tape.watch(Tensor([1], [4])))
    tape.backward(from: used * 2)
    #expect(tape.gradient(of: used)?.values == [2] && tape.gradient(of: unused) == nil)
  }

  /// y = Σ max(h, 0) h with h = 2x: dy/dh = 2h where h > 0, and 0 elsewhere; dy/dx is twice that.
  @Test(
    "the gradient of a result in the middle stays where it is kept, and is the same for what comes before")
  func kept() {
    let tape = Tape()
    let x = tape.watch(Tensor([2], [3, -1]))
    let h = x * 2
    tape.keepGradient(of: h)
    tape.backward(from: (h.relu() * h).sum())
    #expect(tape.gradient(of: h)?.values == [12, 0] && tape.gradient(of: x)?.values == [24, 0])
    let other = Tape()
    let untold = other.watch(Tensor([1], [3])) * 2
    other.backward(from: untold * untold)
    #expect(other.gradient(of: untold) == nil)
  }

  @Test("detached values stop gradients")
  func detached() {
    let tape = Tape()
    let x = tape.watch(Tensor([1], [3]))
    tape.backward(from: x * x.detached)  // d/dx x·3 = 3
    #expect(tape.gradient(of: x)?.values == [3])
  }

  @Test("nothing is recorded without a watched tensor")
  func unwatched() {
    #expect(!(Tensor([1], [2]) * 3).exp().isTracked)
  }

  @Test("watching the same key twice is one leaf")
  func keyed() {
    final class Key {}
    let key = Key(), tape = Tape()
    let value = Tensor([1], [5])
    let sum = tape.watch(value, key: ObjectIdentifier(key)) + tape.watch(value, key: ObjectIdentifier(key))
    tape.backward(from: sum)
    #expect(tape.gradient(for: ObjectIdentifier(key))?.values == [2])
  }

  /// d/dx (max(x, 0) + x · x) = 1 + 2 x for positive x: both get the same gradient of the sum, and each may overwrite
  /// its own only.
  @Test("a gradient that others hold is not overwritten")
  func shared() {
    let tape = Tape(), flow = Tensor([2], [1, 10])
    let x = tape.watch(Tensor([2], [3, -1]))
    tape.backward(from: x.relu() + x * x, gradient: flow)
    #expect(tape.gradient(of: x)?.values == [7, -20])
    #expect(flow.values == [1, 10])
  }

  @Test("a gradient can be taken once")
  func taken() {
    final class Key {}
    let key = Key(), tape = Tape()
    tape.backward(from: tape.watch(Tensor([1], [5]), key: ObjectIdentifier(key)) * 2)
    #expect(tape.takeGradient(for: ObjectIdentifier(key))?.values == [2])
    #expect(tape.takeGradient(for: ObjectIdentifier(key)) == nil)
  }

  @Test("a history of 100,000 operations is freed without running out of stack")
  func long() {
    let tape = Tape()
    let x = tape.watch(Tensor([1], [1]))
    var sum = x
    for _ in 0..<100_000 { sum = sum + x }
    tape.backward(from: sum)
    #expect(tape.gradient(of: x)?.values == [100_001])
  }
}
