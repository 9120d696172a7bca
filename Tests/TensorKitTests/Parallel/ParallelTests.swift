import Foundation
import Synchronization
import TensorKit
import TestSupport
import Testing

/// The number of threads is one for the process, so these run one after another.
@Suite("Threads", .serialized)
struct ParallelTests {
  @Test("every piece runs exactly once")
  func everyPiece() {
    for count in [0, 1, 2, 3, 100, 1001] {
      let lock = NSLock()
      nonisolated(unsafe) var seen = [Int](repeating: 0, count: count)
      Parallel.forEach(count) { index in lock.withLock { seen[index] += 1 } }
      #expect(seen == Array(repeating: 1, count: count))
    }
  }

  @Test("a call within a call, and calls from several threads, finish")
  func nested() {
    let lock = NSLock()
    nonisolated(unsafe) var total = 0
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      Parallel.forEach(8) { _ in Parallel.forEach(8) { _ in lock.withLock { total += 1 } } }
    }
    #expect(total == 4 * 64)
  }

  /// With more threads than cores most helpers come when a call is over, or begun long ago.
  @Test("short calls one after another run every piece exactly once, however late helpers come")
  func shortCalls() {
    withThreadCountToItself {
      Parallel.threadCount = 7
      let done = Atomic<Int>(0)
      for call in 1...3000 {
        Parallel.forEach(3) { done.add(1 << (16 * $0), ordering: .relaxed) }
        let found = done.exchange(0, ordering: .relaxed)
        #expect(found == 1 | 1 << 16 | 1 << 32, "call \(call)")
      }
    }
  }

  /// One network's worth of operations, forward and backward.
  private func bits() -> [[Float]] {
    let tape = Tape()
    let image = Tensor([6, 20, 20, 16], uniform("image", 6 * 400 * 16))
    let weights = tape.watch(Tensor([32, 3, 3, 16], uniform("weights", 32 * 144)))
    let deep = tape.watch(Tensor([32, 3, 3, 1], uniform("deep", 32 * 9)))
    let square = tape.watch(Tensor([32, 3, 3, 32], uniform("square", 32 * 288)))
    let scale = tape.watch(Tensor.ones([32])), offset = tape.watch(Tensor.zeros([32]))
    let slope = tape.watch(Tensor.full([32], 0.25))
    var map = image.convolved(weight: weights, padding: 1)
    let norm = BatchNormalization(over: map, scale: scale, offset: offset, epsilon: 1e-5)
    map = map.convolved(after: norm, slope: slope, weight: square, padding: 1)
    map = map.normalized(
      by: BatchNormalization(over: map, scale: scale, offset: offset, epsilon: 1e-5), adding: map)
    map = map.prelu(slope: slope).convolved(weight: deep, stride: 2, padding: 1, groups: 32)
    let tokens = map.reshaped([6, 100, 32])
    let bias = tape.watch(Tensor.zeros([4, 100, 100]))
    let mixed = Tensor.attention(query: tokens, key: tokens, value: tokens, heads: 4, bias: bias)
    let loss = mixed.layerNormalized(scale: scale, offset: offset, epsilon: 1e-5).gelu().squared().mean()
    tape.backward(from: loss)
    return [loss.values]
      + [weights, square, deep, scale, offset, slope, bias].map { tape.gradient(of: $0)?.values ?? [] }
  }

  @Test("the same bits for 1, 2, 3, 4 and 7 threads")
  func sameBits() {
    withThreadCountToItself {
      Parallel.threadCount = 1
      let expected = bits()
      #expect(expected.allSatisfy { !$0.isEmpty })
      for threads in [2, 3, 4, 7] {
        Parallel.threadCount = threads
        #expect(bits() == expected, "\(threads) threads")
      }
    }
  }
}
