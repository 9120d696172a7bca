import Foundation

/// How one trial ended.
enum Verdict: Equatable, Sendable {
  /// The input was taken, or the run came to the same bytes without a stop.
  case survived
  /// It was refused or stopped in words, and nothing was lost.
  case refused
  /// A crash, a hang, a loss, a silent difference: what happened.
  case fault(String)
}

/// Counts trials, from any number of threads, and tells of faults as they come.
final class Tally: @unchecked Sendable {
  private let options: Options
  private let lock = NSLock()
  private var survived = 0
  private var refused = 0
  private var found: [(number: Int, words: String)] = []

  init(_ options: Options) { self.options = options }

  var faults: [(number: Int, words: String)] { lock.withLock { found } }
  var tried: Int { lock.withLock { survived + refused + found.count } }
  /// Whether trials should end: there is a fault, and one is enough.
  var isOver: Bool { lock.withLock { !found.isEmpty && !options.keepsGoing } }

  /// Counts a trial; a fault is printed with the command that repeats it.
  func note(_ number: Int, _ verdict: Verdict) {
    lock.withLock {
      defer { fflush(nil) }
      switch verdict {
      case .survived: survived += 1
      case .refused: refused += 1
      case .fault(let words):
        found.append((number, words))
        print("FAULT in \(options.mode) \(number): \(words)\n  again: \(options.command(for: number))")
      }
    }
  }

  func summary(seconds: Double) -> String {
    lock.withLock {
      "\(options.mode): \(survived + refused + found.count) tried, \(refused) refused, \(survived) survived, "
        + "\(found.count) faults (seed \(options.seed), \(Int(seconds.rounded())) s)"
    }
  }
}

/// Makes numbered trials in several lanes, until all are made or one has found a fault.
enum Lanes {
  static func run(
    _ numbers: [Int], _ options: Options, _ tally: Tally, _ trial: @escaping @Sendable (Int) -> Verdict
  ) {
    let wanted = options.only.map { only in numbers.filter { $0 == only } } ?? numbers
    let next = NextNumber()
    DispatchQueue.concurrentPerform(iterations: options.lanes) { _ in
      while !tally.isOver {
        let place = next.take()
        guard place < wanted.count else { return }
        tally.note(wanted[place], trial(wanted[place]))
      }
    }
  }

  private final class NextNumber: @unchecked Sendable {
    private let lock = NSLock()
    private var number = 0
    func take() -> Int {
      lock.withLock {
        defer { number += 1 }
        return number
      }
    }
  }
}
