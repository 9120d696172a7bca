import Foundation
import Support
import Synchronization
import TensorKit

/// Processes of one training, as threads of one test that meet at a barrier.
package enum ThreadRanks {
  /// Runs `body` once for each rank, all at the same time.
  /// - Returns: what the ranks found, in their order.
  /// - Throws: what the first rank threw that threw anything; the others find that it is lost.
  package static func run<Result: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (any Collective) throws -> Result
  ) throws -> [Result] {
    let meeting = Meeting(size)
    let results = Mutex([Int: Swift.Result<Result, any Error>]())
    let done = DispatchSemaphore(value: 0)
    for rank in 0..<size {
      let isStarted = StartedThread.run("rank \(rank)", stackSize: 8 << 20) {
        let result = Swift.Result { try body(ThreadRank(rank, meeting)) }
        if case .failure = result { meeting.leave() }
        results.withLock { $0[rank] = result }
        done.signal()
      }
      if !isStarted { stop("the system gives no thread for rank \(rank)") }
    }
    for _ in 0..<size { done.wait() }
    let found = results.withLock { $0 }
    // One that lost another is not the one to blame.
    let faults = (0..<size).compactMap { rank in
      if case .failure(let error)? = found[rank] { error } else { nil }
    }
    if let fault = faults.first(where: { !"\($0)".contains(Meeting.lost.description) }) ?? faults.first {
      throw fault
    }
    return try (0..<size).compactMap { try found[$0]?.get() }
  }
}

/// Where ranks meet.
private final class Meeting: @unchecked Sendable {
  static let lost = CollectiveFault("another rank has ended")

  let size: Int
  private let condition = NSCondition()
  private var (arrived, round, isLeft) = (0, 0, false)
  /// What each rank has brought.
  var numbers: [UnsafeMutableBufferPointer<Float>?]
  var rows: [[Float]]
  var bytes: [UInt8] = []

  init(_ size: Int) {
    self.size = size
    numbers = Array(repeating: nil, count: size)
    rows = Array(repeating: [], count: size)
  }

  func wait() throws {
    condition.lock()
    defer { condition.unlock() }
    arrived += 1
    let own = round
    if arrived == size {
      (arrived, round) = (0, round + 1)
      condition.broadcast()
    }
    while own == round, !isLeft { condition.wait() }
    if own == round { throw Self.lost }
  }

  func leave() {
    condition.lock()
    isLeft = true
    condition.broadcast()
    condition.unlock()
  }

  /// Changes what is brought, one rank at a time.
  func bring(_ body: (Meeting) -> Void) {
    condition.lock()
    defer { condition.unlock() }
    body(self)
  }
}

private final class ThreadRank: Collective {
  let rank: Int
  private let meeting: Meeting

  init(_ rank: Int, _ meeting: Meeting) { (self.rank, self.meeting) = (rank, meeting) }

  var size: Int { meeting.size }

  func sum(_ numbers: UnsafeMutableBufferPointer<Float>) throws {
    meeting.bring { $0.numbers[rank] = numbers }
    try meeting.wait()
    if rank == 0 { addUp() }
    try meeting.wait()
  }

  /// Pairwise, in place; then everybody gets the total.
  private func addUp() {
    let all = meeting.numbers.compactMap(\.self)
    precondition(Set(all.map(\.count)).count == 1, "ranks sum different counts: \(all.map(\.count))")
    var distance = 1
    while distance < size {
      for left in stride(from: 0, to: size - distance, by: 2 * distance) {
        for index in all[left].indices { all[left][index] += all[left + distance][index] }
      }
      distance *= 2
    }
    for other in all.dropFirst() {
      for index in other.indices { other[index] = all[0][index] }
    }
  }

  func gathered(_ rows: [Float]) throws -> [[Float]] {
    meeting.bring { $0.rows[rank] = rows }
    try meeting.wait()
    let all = meeting.rows
    try meeting.wait()
    return all
  }

  func broadcast(_ bytes: [UInt8]) throws -> [UInt8] {
    if rank == 0 { meeting.bring { $0.bytes = bytes } }
    try meeting.wait()
    let all = meeting.bytes
    try meeting.wait()
    return all
  }

  func barrier() throws { try meeting.wait() }
}
