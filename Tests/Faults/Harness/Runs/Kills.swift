import Foundation
import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// Ends trainings without warning, or by signals that ask to stop: what was begun must be resumed to the same bytes.
struct Kills {
  private let options: Options
  private let tally: Tally

  init(_ options: Options, _ tally: Tally) { (self.options, self.tally) = (options, tally) }

  /// SIGKILL right before and right behind each call of a run.
  func atEachCall() throws {
    let laboratory = try Laboratory(options)
    let calls = ChosenCalls(laboratory.calls, options).all
    // Even numbers stand for before the call, odd ones for behind it.
    let numbers = calls.flatMap { call in
      ["write", "rename", "link", "fsync", "create", "unlink", "ftruncate", "mkdir"].contains(call.name)
        ? [2 * call.number, 2 * call.number + 1] : [2 * call.number]
    }
    Lanes.run(numbers, options, tally) { number in
      let fault = Fault(call: number / 2, kind: number % 2 == 0 ? "kill" : "after")
      return verdict(laboratory, "kill\(number)") { run in
        let (end, failed) = try laboratory.train(run, fault: fault)
        let place =
          "\(fault.kind == "kill" ? "before" : "behind") call \(fault.call), \(failed?.name ?? "?") of \(failed?.path ?? "?")"
        // Threads that write beside change the numbers a little, so that the last calls may not come.
        let isFine = (end.signal == SIGKILL && !end.tookTooLong) || (end.code == 0 && failed == nil)
        return (place, isFine ? nil : "was not killed: \(end.ending)")
      }
    }
  }

  /// SIGKILL at random times, up to three times a run.
  func atRandomTimes() throws {
    let laboratory = try Laboratory(options)
    Lanes.run(Array(0..<max(1, numberOfTrials)), options, tally) { number in
      var random = RandomSource(seed: options.seed, stream: "random kills", sample: UInt64(number))
      let times = (0...random.below(3)).map { _ in Double(random.uniform()) * laboratory.seconds * 1.1 }
      return verdict(laboratory, "random\(number)") { run in
        for time in times {
          let isThere = FileManager.default.fileExists(atPath: run + "/recipe.json5")
          let end = try laboratory.train(run, resume: isThere, stop: (SIGKILL, time)).end
          // A kill before the run had begun may leave a folder that only resuming takes; going on will show it.
          guard end.code == 0 || end.signal == SIGKILL || (end.code == 2 && !isThere), !end.tookTooLong else {
            return ("killed after \(times) s", "\(end.ending); \(end.lastWords)")
          }
        }
        return ("killed after \(times) s", nil)
      }
    }
  }

  /// SIGTERM, SIGINT, SIGHUP or SIGUSR1 at random times: the run saves, ends with 75 where a batch system sends such a signal, else
  /// with 128 and its number, and goes on to the same bytes.
  func bySignals() throws {
    let laboratory = try Laboratory(options)
    Lanes.run(Array(0..<max(1, numberOfTrials)), options, tally) { number in
      var random = RandomSource(seed: options.seed, stream: "signals", sample: UInt64(number))
      let signal = [SIGTERM, SIGINT, SIGHUP, SIGUSR1][random.below(4)]
      let time = Double(random.uniform()) * laboratory.seconds
      return verdict(laboratory, "signal\(number)") { run in
        let end = try laboratory.train(run, stop: (signal, time)).end
        let words = "signal \(signal) after \(time) s"
        // Before it listens, a signal ends the process as the system does.
        let code = [SIGTERM, SIGUSR1].contains(signal) ? 75 : 128 + signal
        let isFine = end.code == 0 || end.code == code || (end.signal == signal && !end.tookTooLong)
        return (words, isFine ? nil : "\(end.ending); \(end.lastWords)")
      }
    }
  }

  private var numberOfTrials: Int { options.only.map { $0 + 1 } ?? options.count }

  /// Disturbs a run, then goes on with it. `disturb` tells what it did, and what was wrong already.
  private func verdict(
    _ laboratory: Laboratory, _ name: String, _ disturb: (String) throws -> (what: String, problem: String?)
  ) -> Verdict {
    let run = laboratory.folder + "/" + name
    do {
      let (what, problem) = try disturb(run)
      if let problem = try problem ?? laboratory.goOn(run) { return .fault("\(what): \(problem)") }
      laboratory.remove(run)
      return .survived
    } catch { return .fault("the harness failed: \(error)") }
  }
}
