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
    let (output, remarks) = (scratch + "/output", scratch + "/remarks")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, remarks, flags, 0o600)
    let process = try spawn(program, arguments, environment, &actions)

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
    let signal = status & 0x7f
    return Subprocess(
      code: signal == 0 ? (status >> 8) & 0xff : nil, signal: signal, tookTooLong: tookTooLong,
      seconds: Date().timeIntervalSince(start), output: text(output), remarks: text(remarks))
  }

  /// Starts a program and does not wait for it.
  static func spawn(
    _ program: String, _ arguments: [String], _ environment: [String: String],
    _ actions: inout posix_spawn_file_actions_t
  ) throws -> pid_t {
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, program, &actions, nil, words, variables)
    guard failure == 0 else {
      throw HarnessProblem("\(program): cannot be started: \(String(cString: strerror(failure)))")
    }
    return process
  }

  private static func text(_ path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
