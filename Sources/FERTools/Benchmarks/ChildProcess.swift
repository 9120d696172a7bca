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

  /// Runs a program to its end.
  /// - Parameter folder: where its output is kept while it runs.
  /// - Throws: ``RunProblem`` where it cannot be started.
  package static func run(
    _ program: String, _ arguments: [String], environment: [String: String], in folder: String
  ) throws -> ChildProcess {
    let begin = Clock.seconds
    let process = try start(program, arguments, environment: environment, in: folder)
    var (status, usage) = (Int32(0), rusage())
    while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
    let seconds = Clock.seconds - begin
    let (signal, written) = (status & 0x7f, written(in: folder))
    return ChildProcess(
      code: signal == 0 ? (status >> 8) & 0xff : 128 + signal, seconds: seconds,
      peakMemory: Double(usage.ru_maxrss) * 1024 / 1e6, output: written.output, remarks: written.remarks)
  }

  /// Starts a program, without input, and does not wait for it.
  /// - Parameter folder: where its output is kept, for ``written(in:)``.
  /// - Throws: ``RunProblem`` where it cannot be started.
  package static func start(
    _ program: String, _ arguments: [String], environment: [String: String], in folder: String
  ) throws -> pid_t {
    try spawn(program, arguments, environment: environment) { actions in
      let flags = O_WRONLY | O_CREAT | O_TRUNC
      posix_spawn_file_actions_addopen(
        &actions, STDOUT_FILENO, (folder + outputName).systemName, flags, 0o600)
      posix_spawn_file_actions_addopen(
        &actions, STDERR_FILENO, (folder + remarksName).systemName, flags, 0o600)
    }
  }

  /// Starts a program, without input, and does not wait for it.
  /// - Parameter connect: says where its output goes.
  /// - Throws: ``RunProblem`` where it cannot be started.
  package static func spawn(
    _ program: String, _ arguments: [String], environment: [String: String],
    _ connect: (inout posix_spawn_file_actions_t) -> Void
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    connect(&actions)
    let words = ([program] + arguments).map { strdup($0.systemName) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, program.systemName, &actions, nil, words, variables)
    guard failure == 0 else {
      throw RunProblem.request(
        "\(program.printable): cannot be started: \(String(cString: strerror(failure)))")
    }
    return process
  }

  /// What a program that was started in that folder has written to standard output and standard error.
  package static func written(in folder: String) -> (output: String, remarks: String) {
    (text(of: folder + outputName), text(of: folder + remarksName))
  }

  private static let (outputName, remarksName) = ("/output", "/remarks")

  private static func text(of path: String) -> String {
    (try? FileSystem.contents(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
