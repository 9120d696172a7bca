import Foundation
import Synchronization

/// Splits work over threads.
///
/// The cut follows the problem's size, never the number of threads, and no two pieces write to one place: so
/// results have the same bits for any number of threads.
public enum Parallel {
  /// How many threads work, the caller among them. Starts as ``ThreadChoice`` has it.
  package static var threadCount: Int {
    get { wanted.load(ordering: .relaxed) }
    set { wanted.store(max(1, min(newValue, ThreadChoice.most)), ordering: .relaxed) }
  }

  /// Runs `body` for 0 ..< count, in any order, on all threads; returns when all are done. A call from within
  /// `body`, or while another thread's call is running, runs on the caller alone.
  public static func forEach(_ count: Int, _ body: (Int) -> Void) {
    guard count > 1, threadCount > 1, let pool = WorkerPool.shared.claim() else {
      for index in 0..<count { body(index) }
      return
    }
    defer { pool.release() }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pool.run(count, helpers: min(threadCount, count) - 1, $0) }
    }
  }

  /// Runs `body` on consecutive ranges of at most `size` that cover 0 ..< count.
  public static func forEachBlock(of count: Int, size: Int, _ body: (Range<Int>) -> Void) {
    let size = max(1, size)
    forEach((count + size - 1) / size) { body($0 * size..<min(($0 + 1) * size, count)) }
  }

  /// The cores whose time this process may have.
  package static let availableCores = ThreadChoice.current.usable

  private static let wanted = Atomic<Int>(ThreadChoice.current.threads)
}
