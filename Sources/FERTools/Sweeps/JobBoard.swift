import Foundation
import Support

/// Takes jobs of a sweep for this process, beside other processes and machines that share the folder.
///
/// A job is free where nobody has taken it, or its owner left it, or has ended for certain as a process of this machine, or was
/// silent for the time that its mark states. Silence is judged by this process's own clock, from one look at the mark to the next,
/// never by comparing clocks of machines. A time in which this process did not look counts little: what kept it from looking, a
/// file server that starts again or a machine that sleeps, may have kept the owner from its signs, too.
package final class JobBoard {
  private let folder: SweepFolder
  /// What this process promises in its own marks.
  private let silence: Double
  private var last: [String: Int] = [:]
  private var seen: [String: Look] = [:]

  private struct Look {
    let stamp: FileStamp
    let time: Double
    /// Seconds without a sign of life.
    let quiet: Double
  }

  /// - Parameter silence: after so many seconds without a sign of life others may take over what this process has taken.
  package init(in folder: SweepFolder, silence: Double = JobClaim.usualSilence) {
    (self.folder, self.silence) = (folder, silence)
  }

  /// Looks which marks there are; what was taken before is known, what is taken after is found out by ``take(_:)``.
  /// - Throws: ``FileProblem`` where the folder cannot be read.
  package func look() throws { last = try folder.lastMarks() }

  /// The last mark of a job; nil where nobody has taken it yet.
  package func mark(of job: SweepJob) -> JobMark? {
    last[folder.word(job)].map { JobMark(folder.mark(job, $0), $0) }
  }

  /// Takes a job.
  /// - Returns: nil where it is not free, or another process was faster.
  /// - Throws: ``FileProblem`` where it cannot be noted.
  package func take(_ job: SweepJob) throws -> JobClaim? {
    let old = mark(of: job)
    guard old.map(isFree) ?? true else { return nil }
    let number = (old?.number ?? 0) + 1
    let path = folder.mark(job, number)
    let content = JobMark.Content(owner: .current, silence: silence, since: Clock.date)
    last[folder.word(job)] = number
    guard try JobMark.make(path, content) else { return nil }
    // Whether it is done by now is asked anew.
    FileSystem.lookAnew(folder.run(job))
    return try JobClaim(
      path, next: folder.mark(job, number + 1), folder: folder.run(job), silence: silence,
      after: old?.hasEnded == false ? old?.content?.owner : nil)
  }

  private func isFree(_ mark: JobMark) -> Bool {
    mark.hasEnded || mark.content?.owner.isGone == true || isSilent(mark, at: Clock.seconds)
  }

  /// Whether a mark's owner has been silent for too long.
  /// - Parameter now: the time of this look, in seconds since some moment.
  func isSilent(_ mark: JobMark, at now: Double) -> Bool {
    guard let stamp = mark.stamp else { return false }
    let limit = max(1, mark.content?.silence ?? silence)
    var quiet = 0.0
    if let before = seen[mark.path], before.stamp == stamp {
      quiet = before.quiet + min(now - before.time, limit / 4)
    }
    seen[mark.path] = Look(stamp: stamp, time: now, quiet: quiet)
    return quiet >= limit
  }
}
