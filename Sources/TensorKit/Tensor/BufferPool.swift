import Support
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Memory for tensors, handed out again when a tensor dies, so that a training step allocates nothing once it
/// has run a few times. Like `malloc`, it belongs to the process; it holds no numbers that anybody reads.
///
/// Small buffers are kept by size. Large ones are cut from an ``Arena``, where what is given back can be cut anew to other
/// sizes: so a process needs little more memory than lives at its busiest moment.
enum BufferPool {
  /// A buffer's size in floats. Small ones have one of eight steps per power of two, so that near sizes share buffers;
  /// large ones are whole pages.
  static func roundedUp(_ count: Int) -> Int {
    guard count > 64 else { return 64 }
    if count > largestSmall { return (count + page - 1) / page * page }
    let step = 1 << max(4, (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount) - 3)
    return (count + step - 1) / step * step
  }

  static func take(_ capacity: Int) -> UnsafeMutablePointer<Float> {
    if capacity > largestSmall {
      let bytes = capacity * MemoryLayout<Float>.stride
      // Linux hands out more than there is, and kills whoever uses it.
      if bytes > most - min(most, TensorMemory.live) { failed(capacity) }
      let address = large.withLock { $0.take(bytes) }
      guard let address, let place = UnsafeMutablePointer<Float>(bitPattern: address) else {
        failed(capacity)
      }
      return place
    }
    if let used = small.withLock({ $0[capacity]?.popLast() }) { return used.pointer }
    var raw: UnsafeMutableRawPointer?
    let failure = posix_memalign(&raw, 64, capacity * MemoryLayout<Float>.stride)
    guard failure == 0, let raw else { failed(capacity) }
    return raw.assumingMemoryBound(to: Float.self)
  }

  static func giveBack(_ pointer: UnsafeMutablePointer<Float>, _ capacity: Int) {
    if capacity > largestSmall {
      return large.withLock { $0.giveBack(UInt(bitPattern: pointer), capacity * MemoryLayout<Float>.stride) }
    }
    let buffer = Buffer(pointer: pointer)
    small.withLock { $0[capacity, default: []].append(buffer) }
  }

  private static func failed(_ capacity: Int) -> Never {
    let size = MemoryLayout<Float>.stride
    stop(
      "out of memory: \((capacity * size + 1_048_575) / 1_048_576) MiB more are wanted for a tensor, beside the "
        + "\(TensorMemory.live / 1_048_576) MiB of others; make batches smaller, or use a smaller model or input"
    )
  }

  private struct Buffer: @unchecked Sendable { let pointer: UnsafeMutablePointer<Float> }
  /// In floats: 64 KiB and 4 KiB.
  private static let (largestSmall, page) = (1 << 14, 1 << 10)
  /// All memory that this process could ever have, in bytes.
  private static let most = MemoryLimits.current.total
  private static let small = Mutex<[Int: [Buffer]]>([:])
  private static let large = Mutex(Arena())
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
    TensorMemory.add(capacity * MemoryLayout<Float>.stride)
  }

  deinit {
    BufferPool.giveBack(pointer, capacity)
    TensorMemory.add(-capacity * MemoryLayout<Float>.stride)
  }
}

/// Working memory for one call: not a tensor, not recorded.
func withScratch<Result>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) throws -> Result) rethrows
  -> Result
{
  let storage = TensorStorage(count)
  return try withExtendedLifetime(storage) { try body(storage.pointer) }
}
