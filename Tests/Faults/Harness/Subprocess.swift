import FERTools
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Another program, watched until it ends or is ended.
struct Subprocess: Sendable {
  /// The exit code; nil where a signal ended it.
  let code: Int32?
  /// The signal that ended it; 0 for none.
  let signal: Int32
  /// Whether it took longer than it was given.
  let tookTooLong: Bool
  let seconds: Double
  /// What it wrote.
  let output, remarks: String

  /// "exit code 1" or "signal 11".
  var ending: String {
    tookTooLong ? "no end after \(Int(seconds)) s" : code.map { "exit code \($0)" } ?? "signal \(signal)"
  }
  /// The last words it said, for a report.
  var lastWords: String {
    let lines = remarks.split(separator: "\n").suffix(3).joined(separator: " / ")
    return lines.isEmpty ? "no words" : String(lines.prefix(400))
  }

  /// Runs `program` to its end.
  /// - Parameters:
  ///   - scratch: a folder for its output.
  ///   - stop: a signal that it gets, and after how many seconds.
  ///   - patience: after how many seconds it is killed as hanging.
  ///   - each: called again and again while it runs, with the seconds since its start.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String], scratch: String,
    stop: (signal: Int32, after: Double)? = nil, patience: Double, each: (pid_t, Double) -> Void = { _, _ in }
  ) throws -> Subprocess {
    let process = try ChildProcess.start(program, arguments, environment: environment, in: scratch)
    let start = Date()
    var (status, sent, tookTooLong) = (Int32(0), false, false)
    while waitpid(process, &status, WNOHANG) == 0 {
      let seconds = Date().timeIntervalSince(start)
      if let stop, !sent, seconds >= stop.after {
        kill(process, stop.signal)
        sent = true
      }
      if seconds > patience, !tookTooLong {
        kill(process, SIGKILL)
        tookTooLong = true
      }
      each(process, seconds)
      usleep(500)
    }
    let (signal, written) = (status & 0x7f, ChildProcess.written(in: scratch))
    return Subprocess(
      code: signal == 0 ? (status >> 8) & 0xff : nil, signal: signal, tookTooLong: tookTooLong,
      seconds: Date().timeIntervalSince(start), output: written.output, remarks: written.remarks)
  }
}
