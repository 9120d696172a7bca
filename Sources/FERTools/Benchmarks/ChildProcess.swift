import FERTraining
import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// Another program, run to its end.
package struct ChildProcess: Sendable {
  /// How it ended; 128 and the signal where one ended it.
  package let code: Int32
  /// From before its start until after its end.
  package let seconds: Double
  /// Its largest memory, in megabytes. Linux starts counting from what the caller holds, so that only a small
  /// process measures rightly.
  package let peakMemory: Double
  /// What it wrote to standard output.
  package let output: String
  /// What it wrote to standard error.
  package let remarks: String

  /// - Parameter folder: where its output is kept while it runs.
  /// - Throws: ``RunProblem`` where it cannot be started.
  package static func run(
    _ program: String, _ arguments: [String], environment: [String: String], in folder: String
  ) throws -> ChildProcess {
    let (output, remarks) = (folder + "/output", folder + "/remarks")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, remarks, flags, 0o600)

    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var process: pid_t = 0
    let start = Clock.seconds
    let failure = posix_spawn(&process, program, &actions, nil, words, variables)
    guard failure == 0 else {
      throw RunProblem.request(
        "\(program.printable): cannot be started: \(String(cString: strerror(failure)))")
    }
    var (status, usage) = (Int32(0), rusage())
    while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
    let seconds = Clock.seconds - start
    let signal = status & 0x7f
    return ChildProcess(
      code: signal == 0 ? (status >> 8) & 0xff : 128 + signal, seconds: seconds,
      peakMemory: Double(usage.ru_maxrss) * 1024 / 1e6, output: text(of: output), remarks: text(of: remarks))
  }

  private static func text(of path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
