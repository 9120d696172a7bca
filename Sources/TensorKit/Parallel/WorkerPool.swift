import CKernels
import Foundation
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
    while started < helpers { start() }
    pthread_mutex_lock(mutex)
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

  private func start() {
    let number = started
    started += 1
    let seen = generation.load(ordering: .acquiring)
    let context = Unmanaged.passRetained(Worker(pool: self, number: number, seen: seen))
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let failure = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        let worker = Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue()
        worker.pool.serve(worker.number, from: worker.seen)
        return nil
      }, context.toOpaque())
    if failure != 0 { fatalError("no thread could be started (error \(failure)); set ARBEX_THREADS lower") }
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
      let count = self.count
      pthread_mutex_unlock(mutex)
      guard let body else { continue }
      takePieces(body, count)
      remaining.subtract(1, ordering: .acquiringAndReleasing)
    }
  }

  private final class Worker {
    let pool: WorkerPool
    let number: Int
    let seen: Int
    init(pool: WorkerPool, number: Int, seen: Int) {
      self.pool = pool
      self.number = number
      self.seen = seen
    }
  }
}
