import FERTools
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Tries many mutated inputs a process; the one at which a process dies or hangs is tried again alone.
struct MutationLoop {
  private let target: String
  private let options: Options
  private let tally: Tally
  /// Inputs for one process, so that what one leaves behind cannot spoil all.
  private static let portion = 500

  init(_ target: String, _ options: Options, _ tally: Tally) {
    (self.target, self.options, self.tally) = (target, options, tally)
  }

  func run() throws {
    if let only = options.only { return portion(only, 1, lane: 0) }
    let starts = Array(stride(from: 0, to: max(1, options.count), by: Self.portion))
    let next = StartQueue(starts)
    DispatchQueue.concurrentPerform(iterations: options.lanes) { lane in
      while !tally.isOver, let start = next.take() {
        portion(start, min(Self.portion, options.count - start), lane: lane)
      }
    }
  }

  /// Inputs `first` ..< `first + count`, in as many processes as it takes.
  private func portion(_ first: Int, _ count: Int, lane: Int) {
    var next = first
    let end = first + count
    while next < end, !tally.isOver {
      let watch = Watch(target, options, lane: lane, patience: count == 1 ? 3 : 1)
      let stop = watch.follow(from: next, count: end - next) { tally.note($0, $1) }
      guard let stop else { return }
      tally.note(stop.number, stop.isEnd ? .fault(stop.words) : judged(stop, lane: lane))
      next = stop.isEnd ? end : stop.number + 1
    }
  }

  /// What is to be said of an input at which a process ended: a busy machine can make any input slow, and an input can
  /// die of what those before it left.
  private func judged(_ stop: Watch.Stop, lane: Int) -> Verdict {
    var verdict = Verdict.survived
    let again = Watch(target, options, lane: lane, patience: 3).follow(from: stop.number, count: 1) {
      verdict = $1
    }
    if let again { return .fault(again.words) }
    return stop.tookTooLong ? verdict : .fault(stop.words + " (after others; not when tried alone)")
  }
}

private final class StartQueue: @unchecked Sendable {
  private let lock = NSLock()
  private var starts: [Int]
  init(_ starts: [Int]) { self.starts = starts.reversed() }
  func take() -> Int? { lock.withLock { starts.popLast() } }
}

/// A worker and what it says.
private struct Watch {
  /// Where and how a worker ended early.
  struct Stop {
    let number: Int
    let words: String
    let tookTooLong: Bool
    /// Whether no worker can be had at all.
    var isEnd = false
  }

  private let target: String
  private let options: Options
  private let scratch: String
  private let factor: Double

  /// - Parameter patience: how many times the patience of the options an input may take: an input alone is given
  ///   longer, since it also pays for the start.
  init(_ target: String, _ options: Options, lane: Int, patience: Double) {
    (self.target, self.options, factor) = (target, options, patience)
    scratch = options.folder + "/lane\(lane)"
  }

  /// Follows a worker over some inputs. - Returns: where it ended early; nil where it came to its end.
  func follow(from first: Int, count: Int, note: (Int, Verdict) -> Void) -> Stop? {
    try? FileManager.default.removeItem(atPath: scratch)
    try? FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    var ends: [Int32] = [0, 0]
    // Another lane's worker that holds the writing end would only make this one's end be noticed later.
    guard pipe(&ends) == 0 else { return Stop(number: first, words: "no pipe", tookTooLong: false) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let arguments = [
      Worker.mode, "--target", target, "--seed", "\(options.seed)", "--from", "\(first)", "--count",
      "\(count)",
      "--folder", scratch, "--project", options.project, "--patience", "\(options.patience)",
    ]
    var environment = ProcessInfo.processInfo.environment
    environment["ARBEX_RESTARTED"] = "1"
    environment["ARBEX_THREADS"] = "1"
    environment["SWIFT_BACKTRACE"] = "enable=no"
    let worker = try? ChildProcess.spawn(options.harness, arguments, environment: environment) { actions in
      posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
      posix_spawn_file_actions_addopen(
        &actions, STDERR_FILENO, scratch + "/remarks", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    }
    close(ends[1])
    defer { close(ends[0]) }
    guard let process = worker else {
      return Stop(number: first, words: "no worker", tookTooLong: false)
    }
    var lines = LineReader(ends[0])
    // The first line waits for the start and for the target's preparations.
    var (number, allowance, isOpen, hasBegun) = (first, 120.0, false, false)
    reading: while true {
      switch lines.next(within: allowance * (isOpen ? factor : 1)) {
      case .line(let line):
        hasBegun = true
        if !isOpen {
          let words = line.split(separator: " ")
          number = words.first.flatMap { Int($0) } ?? number
          allowance = words.last.flatMap { Double($0) } ?? options.patience
          isOpen = true
        } else {
          note(number, verdict(line))
          isOpen = false
          number += 1
          if options.only == nil, case .fault = verdict(line), !options.keepsGoing { break reading }
        }
      case .end: break reading
      case .timeout:
        kill(process, SIGKILL)
        _ = ended(process)
        return Stop(
          number: number, words: "no answer within \(allowance * factor) s; \(lastWords)", tookTooLong: true)
      }
    }
    if number < first + count, !isOpen { kill(process, SIGKILL) }
    let status = ended(process)
    let signal = status & 0x7f
    guard isOpen || (number < first + count && signal != SIGKILL) else { return nil }
    guard hasBegun else {
      return Stop(number: first, words: "no trial was made: \(lastWords)", tookTooLong: false, isEnd: true)
    }
    let how = signal == 0 ? "exit code \((status >> 8) & 0xff)" : "signal \(signal)"
    return Stop(number: number, words: "\(how); \(lastWords)", tookTooLong: false)
  }

  private var lastWords: String {
    let last = String(ChildProcess.written(in: scratch).remarks.suffix(600)).replacing("\n", with: " / ")
    return last.isEmpty ? "no words" : last
  }

  private func verdict(_ line: String) -> Verdict {
    switch line {
    case "survived": .survived
    case "refused": .refused
    default: .fault(String(line.dropFirst("fault ".count)))
    }
  }

  private func ended(_ process: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }
}

/// Lines from a pipe, each within a time.
private struct LineReader {
  enum Answer {
    case line(String)
    case end, timeout
  }

  private let descriptor: Int32
  private var buffer: [UInt8] = []

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  mutating func next(within seconds: Double) -> Answer {
    let deadline = Date().addingTimeInterval(seconds)
    while true {
      if let end = buffer.firstIndex(of: 10) {
        defer { buffer.removeFirst(end + 1) }
        return .line(String(decoding: buffer[..<end], as: UTF8.self))
      }
      let left = deadline.timeIntervalSinceNow
      guard left > 0 else { return .timeout }
      var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&wait, 1, Int32(min(left * 1000 + 1, 1e6))) > 0 else { continue }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = read(descriptor, &chunk, chunk.count)
      guard count > 0 else { return .end }
      buffer += chunk.prefix(count)
    }
  }
}
