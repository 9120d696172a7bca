import CKernels
import Foundation
import Support
import Synchronization

/// The threads that help. They sleep between calls, but not at once: being woken takes longer than most operations.
final class WorkerPool: @unchecked Sendable {
  static let shared = WorkerPool()

  /// Looks before falling asleep, about 0.1 ms.
  private static let patience = 4000

  private let busy = Atomic<Bool>(false)
  private let next = Atomic<Int>(0)
  private let remaining = Atomic<Int>(0)
  private let generation = Atomic<Int>(0)
  private typealias Work = UnsafePointer<(Int) -> Void>
  private var work: Work?
  private var count = 0
  private var helpers = 0
  private var started = 0
  /// The system gives no more threads than those that run.
  private var isFull = false
  /// Whose work it is.
  private var owner = Running.current
  private var mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  private init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
  }

  func claim() -> WorkerPool? {
    busy.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
      ? self : nil
  }

  func release() { busy.store(false, ordering: .releasing) }

  func run(_ count: Int, helpers: Int, _ body: UnsafePointer<(Int) -> Void>) {
    while started < helpers, !isFull { start() }
    let helpers = min(helpers, started)
    pthread_mutex_lock(mutex)
    owner = .current
    work = body
    self.count = count
    self.helpers = helpers
    next.store(0, ordering: .relaxed)
    remaining.store(helpers, ordering: .relaxed)
    generation.add(1, ordering: .releasing)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    takePieces(body, count)
    var spins = 0
    while remaining.load(ordering: .acquiring) > 0 {
      spins += 1
      if spins > 2000 { sched_yield() } else { arbex_pause() }
    }
    work = nil
  }

  /// Must not let go of the closure later than it returns: it lives on the caller's stack.
  @inline(never) private func takePieces(_ body: Work, _ count: Int) {
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      body.pointee(index)
    }
  }

  /// One more thread, where the system gives one: results do not depend on how many there are.
  private func start() {
    let (number, seen) = (started, generation.load(ordering: .acquiring))
    if StartedThread.run("work \(number)", { [self] in serve(number, from: seen) }) {
      started += 1
    } else {
      isFull = true
    }
  }

  private func serve(_ number: Int, from first: Int) {
    var seen = first
    while true {
      var spins = 0
      while generation.load(ordering: .acquiring) == seen, spins < Self.patience {
        spins += 1
        arbex_pause()
      }
      pthread_mutex_lock(mutex)
      while generation.load(ordering: .acquiring) == seen { pthread_cond_wait(wake, mutex) }
      seen = generation.load(ordering: .acquiring)
      let body = number < helpers ? work : nil
      let (count, owner) = (self.count, self.owner)
      pthread_mutex_unlock(mutex)
      guard let body else { continue }
      owner { takePieces(body, count) }
      remaining.subtract(1, ordering: .acquiringAndReleasing)
    }
  }
}
