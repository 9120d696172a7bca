import Dispatch
import FERTraining
import Foundation
import Support
import Synchronization

/// The right of this process to work at a job of a sweep, until it leaves the job or another process takes it over.
///
/// A thread of its own touches the job's mark. A process that was stopped, or whose machine slept, cannot do that and may lose the
/// job without noticing: so nothing is written into the job's folder, a ``WritePermit``, before it was asked whether there is a
/// later mark.
package final class JobClaim: WritePermit {
  /// Seconds without a sign of life after which a job is taken over, where nothing else is said: far more than a file server
  /// takes to start again.
  package static let usualSilence = 300.0

  /// Whom the job was taken over from, who may still live; nil where nobody had it.
  let predecessor: ProcessIdentity?
  private let mark: String
  /// The mark of whoever takes the job over.
  private let next: String
  private let folder: String
  private let silence: Double
  private let state = Mutex(State(lastSign: Clock.sinceBoot))
  private let left = DispatchSemaphore(value: 0)

  private struct State {
    var lastSign: Double
    var loss: JobLost?
  }

  /// Begins to give signs of life for a mark of this process.
  /// - Parameters:
  ///   - next: the path of the mark after it.
  ///   - folder: the job's, into which from now on only the claim lets write.
  /// - Throws: ``RunProblem`` where the system gives no thread.
  init(_ mark: String, next: String, folder: String, silence: Double, after predecessor: ProcessIdentity?)
    throws
  {
    (self.mark, self.next, self.folder) = (mark, next, folder)
    (self.silence, self.predecessor) = (silence, predecessor)
    let interval = min(30, silence / 10)
    let isStarted = StartedThread.run("sign of life") { [self] in
      while left.wait(timeout: .now() + interval) == .timedOut, (try? confirm()) != nil {}
    }
    guard isStarted else {
      JobMark.end(mark)
      throw RunProblem.failure("the system gives no thread for the signs of life of \(folder.printable)")
    }
    WritePermits.grant(self, for: folder)
  }

  /// Leaves the job to whoever wants it.
  package func end() {
    left.signal()
    WritePermits.withdraw(for: folder)
    JobMark.end(mark)
  }

  /// - Throws: ``JobLost``.
  package func check() throws {
    if let loss = state.withLock({ $0.loss }) { throw loss }
  }

  /// Gives a sign of life, then looks whether it came too late.
  /// - Throws: ``JobLost``.
  package func confirm() throws {
    let now = Clock.sinceBoot
    let code = JobMark.touch(mark)
    FileSystem.lookAnew(PathText.folder(of: mark))
    let isTakenOver = FileSystem.exists(next)
    state.withLock { state in
      if state.loss != nil { return }
      if isTakenOver {
        state.loss = .takenOver(by: JobMark(next, 0).content?.owner, silence: silence)
      } else if code == 0 {
        state.lastSign = now
      } else if [ENOENT, ENOTDIR, ESTALE].contains(code) || now - state.lastSign > silence / 2 {
        state.loss = .unmarked(AtomicFile.problem(mark, "touched", code))
      }
    }
    try check()
  }
}

/// Why this process may not go on with a job.
package struct JobLost: AttributedError, CustomStringConvertible {
  /// Whether another process has it, rather than that nobody can see that this one has.
  let isTakenOver: Bool
  package let description: String
  package let isRequest = false

  fileprivate static func takenOver(by owner: ProcessIdentity?, silence: Double) -> JobLost {
    JobLost(
      isTakenOver: true,
      description:
        "\(owner?.description ?? "another process") has taken it over, since this one gave no sign of life "
        + "for \(silence.rounded(places: 0)) s; it is left to that one")
  }

  fileprivate static func unmarked(_ problem: FileProblem) -> JobLost {
    JobLost(
      isTakenOver: false,
      description: "\(problem); without signs of life others may take the job over, so it was left")
  }
}
