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
  /// A batch system asked to end, all that was done is saved, and the same work goes on when it is started again: the code of
  /// sysexits.h for that (EX_TEMPFAIL), by which a job script knows that it is to put itself back into the queue.
  package static let toBeContinued: Int32 = 75
  /// Nobody reads the results any more: what a shell reports of a program that `| head` ended.
  package static let readerGone = 128 + SIGPIPE

  /// A signal asked to end, and there is nothing to go on with.
  package static func interrupted(by signal: Int32) -> Int32 { 128 + signal }
  /// A signal asked to end, and all was saved. What a person did (Ctrl-C, a closed terminal) is told as any program tells it.
  package static func saved(by signal: Int32) -> Int32 {
    [SIGTERM, SIGUSR1].contains(signal) ? toBeContinued : interrupted(by: signal)
  }

  /// What one of several processes ends with where one by itself would end with `code`: `mpirun` takes those above 128 for
  /// the death of a process.
  package static func ofJob(_ code: Int32) -> Int32 {
    code > 128 && code != readerGone ? toBeContinued : code
  }

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
      toBeContinued,
      "to be continued: a training, sweep or search was asked to end (SIGTERM, SIGUSR1), and has saved; started again it goes on"
    ),
    (interrupted(by: SIGHUP), "the terminal was closed (SIGHUP)"),
    (interrupted(by: SIGINT), "Ctrl-C (SIGINT)"),
    (interrupted(by: SIGUSR1), "asked to end by SIGUSR1, with nothing to go on with"),
    (readerGone, "nobody reads standard output any more, as after | head (SIGPIPE)"),
    (interrupted(by: SIGTERM), "asked to end by SIGTERM, with nothing to go on with"),
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
