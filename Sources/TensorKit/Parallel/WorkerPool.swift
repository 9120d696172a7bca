import CKernels
import Foundation
import Support
import Synchronization

/// The threads that help. They sleep between calls, but not at once: being woken takes longer than most operations.
///
/// Whoever calls waits for those threads only that have begun to help: one that sleeps, or whose core does other work,
/// holds nobody up, and finds the call over when it comes.
final class WorkerPool: @unchecked Sendable {
  static let shared = WorkerPool()

  /// Looks before falling asleep, about 0.1 ms.
  private static let patience = 4000

  /// Which call it is, how many threads may join it, whether they still may, and how many are in it: one number, so
  /// that none can join a call that has ended.
  private struct Gate {
    static let (open, wanted, call) = (UInt64(1) << 16, UInt64(1) << 17, UInt64(1) << 32)

    var bits: UInt64
    /// The number of the call. It starts anew after four thousand million of them.
    var call: UInt64 { bits / Self.call }
    /// How many threads are in it.
    var inside: UInt64 { bits % Self.open }

    /// Whether the thread of that number may join.
    func admits(_ number: Int) -> Bool {
      bits & Self.open != 0 && number < bits % Self.call / Self.wanted
    }
  }

  private let busy = Atomic<Bool>(false)
  private let next = Atomic<Int>(0)
  private let gateBits = Atomic<UInt64>(0)
  private typealias Work = UnsafePointer<(Int) -> Void>
  // Written while nobody is inside, read by those who are.
  private var work: Work?
  private var count = 0
  /// Whose work it is.
  private var owner = Running.current
  private var started = 0
  /// The system gives no more threads than those that run.
  private var isFull = false
  private var mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  private init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
  }

  private var gate: Gate { Gate(bits: gateBits.load(ordering: .acquiring)) }

  func claim() -> WorkerPool? {
    busy.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
      ? self : nil
  }

  func release() { busy.store(false, ordering: .releasing) }

  func run(_ count: Int, helpers: Int, _ body: UnsafePointer<(Int) -> Void>) {
    while started < helpers, !isFull { start() }
    (owner, work, self.count) = (.current, body, count)
    next.store(0, ordering: .relaxed)
    let call = (gate.call + 1) % (UInt64.max / Gate.call)
    // Under the lock, so that a thread that is about to sleep sees it.
    pthread_mutex_lock(mutex)
    gateBits.store(
      call * Gate.call + UInt64(min(helpers, started)) * Gate.wanted + Gate.open, ordering: .releasing)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    takePieces(body, count)
    gateBits.bitwiseAnd(~Gate.open, ordering: .acquiringAndReleasing)
    var spins = 0
    while gate.inside > 0 {
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
    let (number, seen) = (started, gate.call)
    if StartedThread.run("work \(number)", { [self] in serve(number, from: seen) }) {
      started += 1
    } else {
      isFull = true
    }
  }

  private func serve(_ number: Int, from first: UInt64) {
    var seen = first
    while true {
      var spins = 0
      while gate.call == seen, spins < Self.patience {
        spins += 1
        arbex_pause()
      }
      if gate.call == seen {
        pthread_mutex_lock(mutex)
        while gate.call == seen { pthread_cond_wait(wake, mutex) }
        pthread_mutex_unlock(mutex)
      }
      seen = gate.call
      guard join(number, seen) else { continue }
      let (body, count) = (work, count)
      if let body { owner { takePieces(body, count) } }
      gateBits.subtract(1, ordering: .acquiringAndReleasing)
    }
  }

  /// Enters a call, unless it has ended.
  private func join(_ number: Int, _ call: UInt64) -> Bool {
    while true {
      let gate = gate
      guard gate.call == call, gate.admits(number) else { return false }
      let isIn = gateBits.compareExchange(
        expected: gate.bits, desired: gate.bits + 1, ordering: .acquiringAndReleasing
      ).exchanged
      if isIn { return true }
    }
  }
}
