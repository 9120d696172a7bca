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
