import FERCore
import FERData
import FERTraining
import Foundation
import Support

/// Works through the jobs of a sweep, beside any number of other processes that do the same.
package struct SweepRunner {
  /// How it ended.
  package enum End: Equatable {
    /// Every job is done.
    case complete
    /// These failed; the others are done, or open where it stopped at the first.
    case failed([String])
    /// A signal asked to stop.
    case interrupted(signal: Int32)
  }

  private let jobs: [SweepJob]
  private let folder: SweepFolder
  private let keepsGoing: Bool
  private let leavesOutAbsentData: Bool
  private let console: Console
  private let report: ReportWriter
  private let training: (SweepJob) throws -> any BatchSource
  private let silence: Double
  /// The failures of before, which are tried again.
  private let old: [String: SweepFolder.Failure]

  /// - Parameter leavesOutAbsentData: whether jobs whose data is not there are passed over.
  /// - Parameter silence: as of ``JobBoard``.
  /// - Parameter training: what a job is trained on; the training set of its recipe where nothing is said.
  /// - Throws: ``FileProblem`` where a job's failure is noted and cannot be read.
  package init(
    _ jobs: [SweepJob], in folder: SweepFolder, keepsGoing: Bool, leavesOutAbsentData: Bool = false,
    silence: Double = JobClaim.usualSilence, console: Console,
    report: @escaping ReportWriter,
    training: @escaping (SweepJob) throws -> any BatchSource = {
      try RecipeImages(.train, of: $0.recipe, isTraining: true)
    }
  ) throws {
    (self.jobs, self.folder, self.keepsGoing) = (jobs, folder, keepsGoing)
    self.leavesOutAbsentData = leavesOutAbsentData
    (self.console, self.report, self.training, self.silence) = (console, report, training, silence)
    old = Dictionary(
      try jobs.compactMap { job in try folder.failure(of: job).map { (job.name, $0) } },
      uniquingKeysWith: { $1 })
  }

  /// Takes open jobs in their order until none is left. Where others still work at some it waits: should one of them end
  /// before its job does, or fall silent, that job is taken over.
  package func run() throws -> End {
    try requireSameRecipes()
    let board = JobBoard(in: folder, silence: silence)
    var isWaiting = false
    while true {
      try board.look()
      var (isOpen, hasWorked) = (false, false)
      for (place, job) in jobs.enumerated() where try isUndone(job) {
        isOpen = true
        guard let claim = try board.take(job) else { continue }
        defer { claim.end() }
        // Somebody may have finished it in between.
        guard try isUndone(job) else { continue }
        (isWaiting, hasWorked) = (false, true)
        let origin = claim.predecessor.map { ", taken over from \($0)" } ?? ""
        console.line("job \(place + 1) of \(jobs.count): \(job.name)\(origin)")
        if let signal = try work(at: job, claim) { return .interrupted(signal: signal) }
        if !keepsGoing, let failure = try newFailure(of: job) { return .failed(["\(job.name): \(failure)"]) }
      }
      if !isOpen { break }
      guard !hasWorked else { continue }
      if let signal = StopSignal.received { return .interrupted(signal: signal) }
      if !isWaiting { console.line("waiting for the jobs of other processes") }
      isWaiting = true
      usleep(UInt32(1e6 * min(2, silence / 10)))
    }
    let failures = try jobs.compactMap { job in try newFailure(of: job).map { "\(job.name): \($0)" } }
    return failures.isEmpty ? .complete : .failed(failures)
  }

  /// Neither done nor failed since this process began, nor without data.
  private func isUndone(_ job: SweepJob) throws -> Bool {
    try folder.result(of: job) == nil && newFailure(of: job) == nil
      && !(leavesOutAbsentData && !job.absentData.isEmpty)
  }

  private func newFailure(of job: SweepJob) throws -> String? {
    try folder.failure(of: job).flatMap { $0 == old[job.name] ? nil : $0.reason }
  }

  /// - Returns: the signal that interrupted it.
  /// - Throws: where a failure cannot be noted, and so would be tried again without end; where nobody can see any more that this
  ///   process has the job.
  private func work(at job: SweepJob, _ claim: JobClaim) throws -> Int32? {
    do {
      let run = folder.run(job)
      if let owner = claim.predecessor { try RunFolder.takeAway(run, from: owner) }
      let session = TrainingSession(job.recipe, in: run, console: console, report: report)
      let train = try training(job)
      let validation = try RecipeImages.load(.validation, of: job.recipe)
      let before = try Self.seconds(ofRun: run)
      let begin = Clock.seconds
      Environment.forgetPeakMemory()
      let end: Trainer.End
      if let plan = try RunPlace(at: run) == .run ? session.plan(resuming: true) : nil {
        end = try session.resume(plan, train: train, validation: validation)
      } else {
        end = try session.start(train: train, validation: validation)
      }
      let seconds = before + Clock.seconds - begin
      switch end {
      case .finished, .alreadyFinished:
        try folder.finish(
          job, try SweepResult(ofRun: run, seconds: seconds, peakMemory: Environment.peakMemory))
      case .interrupted(let signal): return signal
      case .stoppedAtLimit: break
      }
    } catch {
      // What failed may have failed because the job is another's by now.
      do { try claim.confirm() } catch let loss as JobLost where loss.isTakenOver {
        console.warn("\(job.name): \(loss)")
        return nil
      }
      console.warn("\(job.name): failed: \(error)")
      try folder.fail(job, "\(error)")
    }
    return nil
  }

  /// What the epochs of a run took that was interrupted before.
  private static func seconds(ofRun folder: String) throws -> Double {
    try LogLine.all(in: folder + "/timings.jsonl").reduce(0) { $0 + ($1.seconds ?? 0) }
  }

  private func stored(_ job: SweepJob) throws -> Recipe {
    try RunFolder.recipe(ofRun: folder.run(job), registry: job.recipe.registry)
  }

  /// Results of another recipe must not pass for those of this one.
  private func requireSameRecipes() throws {
    var changed: [String] = []
    for job in jobs where RunFolder.isRun(folder.run(job)) {
      let before: Recipe
      do { before = try stored(job) } catch {
        // A run that never came to a checkpoint is begun anew, perhaps by another process at this moment.
        if !RunFolder.isRun(folder.run(job)) { continue }
        throw error
      }
      let changes = TrainingSession.differences(from: before, to: job.recipe)
      if !changes.isEmpty { changed.append("\(job.name): \(changes.joined(separator: "; "))") }
    }
    guard changed.isEmpty else {
      throw RunProblem.request(
        "\(folder.path.printable): holds runs of other recipes; choose another folder with --out, or undo these "
          + "changes:\n  " + changed.joined(separator: "\n  "))
    }
  }
}
