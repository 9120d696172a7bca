import Foundation
import TensorKit

/// Runs what changes or compares ``Parallel/threadCount``, which belongs to the whole process, one test after another.
/// The count is afterwards what it was.
public func withThreadCountToItself<Result>(_ body: () throws -> Result) rethrows -> Result {
  lock.lock()
  let before = Parallel.threadCount
  defer {
    Parallel.threadCount = before
    lock.unlock()
  }
  return try body()
}

private let lock = NSRecursiveLock()
