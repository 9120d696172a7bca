import Foundation
import Support

/// How a job of a sweep stands, for people.
package struct JobStatus {
  /// "done", "left out", "failed", "open"; "in work", or "silent" where that will be over soon; "interrupted" where its process
  /// left it or has ended.
  package let state: String
  /// Who took it last; nil where nobody did.
  private let mark: JobMark?

  /// Looks. Whether a process is silent is told here, where nobody waits for it, by the clocks of this machine and of the file
  /// system.
  /// - Parameter leavesOutAbsentData: as of ``SweepRunner``.
  /// - Throws: ``FileProblem`` where a result or a failure is noted and cannot be read.
  package init(
    of job: SweepJob, in folder: SweepFolder, _ board: JobBoard, leavesOutAbsentData: Bool,
    now: Double = Clock.date
  ) throws {
    mark = board.mark(of: job)
    let isLeft = mark.map { $0.hasEnded || $0.content?.owner.isGone == true } ?? true
    if try folder.result(of: job) != nil {
      state = "done"
    } else if leavesOutAbsentData, !job.absentData.isEmpty {
      state = "left out"
    } else if let mark, !isLeft {
      let silence = mark.content?.silence ?? JobClaim.usualSilence
      state = mark.lastSign.map { now - $0 > silence } ?? false ? "silent" : "in work"
    } else if try folder.failure(of: job) != nil {
      state = "failed"
    } else {
      state = mark == nil ? "open" : "interrupted"
    }
  }

  /// The columns of a table of many: the state, who took the job last and when, and of jobs in work the last sign of life.
  package static let columns = ["state", "taken by", "at (its clock, UTC)", "last sign of life"]

  /// A row of that table.
  package func row(now: Double = Clock.date) -> [String] {
    let isInWork = state == "in work" || state == "silent"
    let sign = isInWork ? mark?.lastSign.map { Clock.text(max(0, now - $0)) + " ago" } : nil
    return [
      state, mark?.content?.owner.description.printable ?? "",
      mark?.content.flatMap { Clock.minute($0.since) } ?? "", sign ?? "",
    ]
  }
}
