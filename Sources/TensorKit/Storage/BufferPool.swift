import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Memory for tensors, handed out again when a tensor dies, so that a training step allocates nothing once it
/// has run a few times. Like `malloc`, it belongs to the process; it holds no numbers that anybody reads.
enum BufferPool {
  /// Sizes are rounded up to one of eight steps per power of two, so that near sizes share buffers.
  static func roundedUp(_ count: Int) -> Int {
    guard count > 64 else { return 64 }
    let step = 1 << max(4, (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount) - 3)
    return (count + step - 1) / step * step
  }

  static func take(_ capacity: Int) -> UnsafeMutablePointer<Float> {
    if let used = free.withLock({ $0[capacity]?.popLast() }) { return used.pointer }
    var raw: UnsafeMutableRawPointer?
    let failure = posix_memalign(&raw, 64, capacity * MemoryLayout<Float>.stride)
    guard failure == 0, let raw else {
      preconditionFailure("out of memory: \(capacity * 4 / 1_048_576) MiB for a tensor")
    }
    return raw.assumingMemoryBound(to: Float.self)
  }

  static func giveBack(_ pointer: UnsafeMutablePointer<Float>, _ capacity: Int) {
    let buffer = Buffer(pointer: pointer)
    free.withLock { $0[capacity, default: []].append(buffer) }
  }

  private struct Buffer: @unchecked Sendable { let pointer: UnsafeMutablePointer<Float> }
  private static let free = Mutex<[Int: [Buffer]]>([:])
}

/// A buffer owned by tensors; goes back to the pool with its last owner.
final class TensorStorage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  private let capacity: Int

  init(_ count: Int) {
    self.count = count
    capacity = BufferPool.roundedUp(count)
    pointer = BufferPool.take(capacity)
  }

  deinit { BufferPool.giveBack(pointer, capacity) }
}

/// Working memory for one call: not a tensor, not recorded.
func withScratch<Result>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) throws -> Result) rethrows -> Result {
  let storage = TensorStorage(count)
  return try withExtendedLifetime(storage) { try body(storage.pointer) }
}
