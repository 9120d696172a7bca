import Foundation
import TensorKit

/// Lets system calls of a training fail, one a run: it must go on to the same bytes, or end with exit code 1 and a
/// sentence and then be resumed to the same bytes.
struct FailingCalls {
  private let options: Options
  private let tally: Tally

  init(_ options: Options, _ tally: Tally) { (self.options, self.tally) = (options, tally) }

  func run() throws {
    let laboratory = try Laboratory(options)
    let calls = ChosenCalls(laboratory.calls, options).all
    Lanes.run(calls.map(\.number), options, tally) { number in
      guard let call = laboratory.calls.first(where: { $0.number == number }) else {
        return .fault("no such call")
      }
      let kinds = Self.kinds(of: call.name)
      var random = RandomSource(seed: options.seed, stream: "failing calls", sample: UInt64(number))
      return Self.verdict(laboratory, Fault(call: number, kind: kinds[random.below(kinds.count)]))
    }
  }

  /// How a call can fail in earnest.
  private static func kinds(of name: String) -> [String] {
    switch name {
    case "write", "pwrite": ["ENOSPC", "EIO", "EDQUOT", "EFBIG", "EINTR", "short"]
    case "read", "pread": ["EIO", "EINTR", "short"]
    case "create": ["ENOSPC", "EMFILE", "ENFILE", "EDQUOT", "EIO", "EACCES", "EINTR"]
    case "open": ["EMFILE", "ENFILE", "EIO", "EACCES", "EINTR"]
    case "fsync": ["EIO", "ENOSPC", "EDQUOT"]
    case "ftruncate": ["ENOSPC", "EIO", "EINTR"]
    case "close": ["EIO", "ENOSPC", "EINTR"]
    case "mmap": ["ENOMEM"]
    default: ["ENOSPC", "EIO", "EDQUOT", "EACCES"]
    }
  }

  static func verdict(_ laboratory: Laboratory, _ fault: Fault) -> Verdict {
    let run = laboratory.folder + "/call\(fault.call)-\(fault.kind)"
    do {
      let (end, failed) = try laboratory.train(run, fault: fault)
      let what = "\(fault.kind) from call \(fault.call), \(failed?.name ?? "?") of \(failed?.path ?? "?")"
      var problem: String?
      switch end.code {
      case nil: problem = "\(end.ending); \(end.lastWords)"
      case 0?: problem = laboratory.difference(run, told: end.remarks)
      case 1?, 2?:
        // Where one may not write, another folder would have done: that is a request.
        if end.code == 2, failed?.isReading(outside: run) != true, fault.kind != "EACCES" {
          problem = "exit code 2 for work that failed; \(end.lastWords)"
        }
        if !end.remarks.contains(" ") { problem = "exit code \(end.code ?? -1) without a sentence" }
        if problem == nil { problem = try laboratory.goOn(run) }
      default: problem = "\(end.ending); \(end.lastWords)"
      }
      if let problem { return .fault("\(what): \(problem)") }
      laboratory.remove(run)
      return end.code == 0 ? .survived : .refused
    } catch { return .fault("the harness failed: \(error)") }
  }
}

/// The calls of a run that are tried: each that is not a write; of the writes of each file the first two, the last, and
/// some between.
struct ChosenCalls {
  let all: [SeenCall]
  /// One in so many of the writes between.
  private static let share = 30

  init(_ calls: [SeenCall], _ options: Options) {
    var byPath: [String: [SeenCall]] = [:]
    for call in calls where call.name == "write" { byPath[call.path, default: []].append(call) }
    var random = RandomSource(seed: options.seed, stream: "chosen calls")
    var chosen = Set<Int>()
    for path in byPath.keys.sorted() {
      let writes = byPath[path] ?? []
      chosen.formUnion((writes.prefix(2) + writes.suffix(1)).map(\.number))
      for write in writes where random.below(Self.share) == 0 { chosen.insert(write.number) }
    }
    let all = calls.filter { $0.name != "write" || chosen.contains($0.number) }
    // The short form takes some of all kinds.
    self.all =
      options.count > 0 && options.only == nil
      ? random.shuffled(all).prefix(options.count).sorted { $0.number < $1.number } : all
  }
}
