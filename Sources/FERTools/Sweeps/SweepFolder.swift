import FERTraining
import Foundation
import Support

/// The folder of a sweep and what lies in it.
///
///     JOB/                 a run's folder for each job
///     JOB/result.json      what came of it: this job is done
///     claims/JOB.lock      held by the process that works at it; the system takes it back however that process ends
///     claims/JOB.failed    why it failed
///     results.csv, table.csv, table.html
///
/// Any number of processes may work in it at once, also of several machines that share the folder.
package struct SweepFolder {
  /// Where it is.
  package let path: String

  /// Makes it where it is not there.
  /// - Throws: ``RunProblem`` where it holds something else, a `FileProblem` where it cannot be made.
  package init(_ path: String) throws {
    self.path = path
    if !FileSystem.isFolder(path + "/claims"), FileSystem.isFolder(path), RunPlace(at: path) != .free {
      throw RunProblem.request(
        "\(path.printable): is there already, and holds something else; choose another folder with --out")
    }
    try FileSystem.makeFolder(path + "/claims")
  }

  /// The run's folder of a job.
  package func run(_ job: SweepJob) -> String { path + "/" + job.name }

  private func mark(_ job: SweepJob, _ end: String) -> String {
    path + "/claims/" + job.name.replacing("/", with: ",") + "." + end
  }

  /// What came of a job; nil where it is not done.
  /// - Throws: ``FileProblem`` where it is noted and cannot be read.
  package func result(of job: SweepJob) throws -> SweepResult? {
    try FileSystem.contents(run(job) + "/result.json").flatMap {
      JSONValue.decoded(SweepResult.self, from: String(decoding: $0, as: UTF8.self))
    }
  }

  /// Notes what came of a job, which is then done.
  func finish(_ job: SweepJob, _ result: SweepResult) throws {
    try AtomicFile.write(try JSONValue.encoding(result).pretty() + "\n", to: run(job) + "/result.json")
    FileSystem.remove(mark(job, "failed"))
  }

  /// Why a job failed, and when. (A file's own date may lie a few milliseconds back.)
  package struct Failure: Codable {
    package let reason: String
    package let date: Date
  }

  /// Notes why a job failed.
  func fail(_ job: SweepJob, _ reason: String) throws {
    let text = try JSONValue.text(encoding: Failure(reason: reason, date: Date()))
    try AtomicFile.write(text + "\n", to: mark(job, "failed"))
  }

  /// Why a job failed the last time it was tried; nil where it did not.
  /// - Throws: ``FileProblem`` where it is noted and cannot be read.
  package func failure(of job: SweepJob) throws -> Failure? {
    try FileSystem.contents(mark(job, "failed")).flatMap {
      JSONValue.decoded(from: String(decoding: $0, as: UTF8.self))
    }
  }

  /// Takes a job, unless another process works at it.
  func claim(_ job: SweepJob) throws -> FileLock? { try FileLock(mark(job, "lock")) }

  /// Whether a process works at a job.
  package func isTaken(_ job: SweepJob) -> Bool {
    FileSystem.exists(mark(job, "lock")) && (try? claim(job)) == nil
  }
}
