import Foundation
import Support

/// What a process ends with, for scripts.
///
/// Which of 1 and 2 an error means follows from its kind alone (``AttributedError``), whatever verb met it.
package enum ExitCode {
  /// All was done.
  package static let done: Int32 = 0
  /// The work failed, or not all of it could be done.
  package static let failed: Int32 = 1
  /// The request was wrong.
  package static let request: Int32 = 2
  /// Nobody reads the results any more: what a shell reports of a program that `| head` ended.
  package static let readerGone = 128 + SIGPIPE

  /// A signal asked to end.
  package static func interrupted(by signal: Int32) -> Int32 { 128 + signal }
  /// Saved, and to be started again: what `mpirun` hands on of its processes; it takes codes above 128 for their death.
  package static let again = EX_TEMPFAIL

  /// What one of several processes ends with where one by itself would end with `code`.
  package static func ofJob(_ code: Int32) -> Int32 { code > 128 && code != readerGone ? again : code }

  /// Every code, and what it means, as help and manual tell it.
  package static let table: [(code: Int32, meaning: String)] = [
    (done, "done"),
    (
      failed,
      "the work failed or was not done whole: a full disk, an unreadable image among others, a check that found something"
    ),
    (
      request,
      "the request was wrong: a word, a recipe, a file that is missing, damaged or closed to us; every problem is listed"
    ),
    (
      again,
      "a training over several processes was asked to end by a signal, and saved: start it again with --resume"
    ),
    (interrupted(by: SIGHUP), "the terminal was closed (SIGHUP)"),
    (interrupted(by: SIGINT), "Ctrl-C (SIGINT)"),
    (interrupted(by: SIGUSR1), "a batch system's warning (SIGUSR1)"),
    (readerGone, "nobody reads standard output any more, as after | head (SIGPIPE)"),
    (interrupted(by: SIGTERM), "asked to end (SIGTERM)"),
  ]

  /// The code that an error ends the process with.
  package static func of(_ error: any Error) -> Int32 {
    switch error {
    case let problem as OutputProblem where problem.reason == .readerGone: readerGone
    case let problem as any AttributedError: problem.isRequest ? request : failed
    default: failed
    }
  }
}
