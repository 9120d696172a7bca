import Synchronization

/// How much memory tensors hold, in bytes.
package enum TensorMemory {
  private static let held = Atomic<Int>(0)
  private static let highest = Atomic<Int>(0)

  /// Now.
  package static var live: Int { held.load(ordering: .relaxed) }

  static func add(_ bytes: Int) {
    let now = held.add(bytes, ordering: .relaxed).newValue
    if now > highest.load(ordering: .relaxed) { highest.store(now, ordering: .relaxed) }
  }

  /// The most that `body` held at once beyond what was held before, while nothing else of size is made.
  package static func peak(of body: () throws -> Void) rethrows -> Int {
    let before = live
    highest.store(before, ordering: .relaxed)
    try body()
    return highest.load(ordering: .relaxed) - before
  }
}
