import FERTraining
import Foundation
import Support

/// The folder of a sweep and what lies in it.
///
///     JOB/                 a run's folder for each job
///     JOB/result.json      what came of it: this job is done
///     claims/JOB.taken-N   the N-th process that took it, which touches this as a sign of life (``JobMark``)
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
    // Another process may be making it at this moment: its first folder is looked for last.
    if FileSystem.isFolder(path), RunPlace(at: path) != .free, !FileSystem.isFolder(path + "/claims") {
      throw RunProblem.request(
        "\(path.printable): is there already, and holds something else; choose another folder with --out")
    }
    try FileSystem.makeFolder(path + "/claims")
  }

  /// The run's folder of a job.
  package func run(_ job: SweepJob) -> String { path + "/" + job.name }

  private func failureNote(_ job: SweepJob) -> String { "\(path)/claims/\(word(job)).failed" }

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
    FileSystem.remove(failureNote(job))
  }

  /// Why a job failed, and when. (A file's own date may lie a few milliseconds back.)
  package struct Failure: Codable, Equatable {
    package let reason: String
    package let date: Date
  }

  /// Notes why a job failed.
  func fail(_ job: SweepJob, _ reason: String) throws {
    let text = try JSONValue.text(encoding: Failure(reason: reason, date: Date()))
    try AtomicFile.write(text + "\n", to: failureNote(job))
  }

  /// Why a job failed the last time it was tried; nil where it did not.
  /// - Throws: ``FileProblem`` where it is noted and cannot be read.
  package func failure(of job: SweepJob) throws -> Failure? {
    try FileSystem.contents(failureNote(job)).flatMap {
      JSONValue.decoded(from: String(decoding: $0, as: UTF8.self))
    }
  }

  /// How a job is called in `claims`.
  func word(_ job: SweepJob) -> String { job.name.replacing("/", with: ",") }

  /// The mark of the process that took a job as the `number`-th.
  func mark(_ job: SweepJob, _ number: Int) -> String { "\(path)/claims/\(word(job))\(Self.taken)\(number)" }

  /// The number of each job's last mark, by the job's ``word(_:)``.
  func lastMarks() throws -> [String: Int] {
    let names: [String]
    do throws(OpenFile.Failure) { names = try FolderNames.all(in: path + "/claims") } catch {
      throw OpenFile.problem(path + "/claims", error)
    }
    let marks = names.compactMap { name in
      name.range(of: Self.taken, options: .backwards).flatMap { range in
        Int(name[range.upperBound...]).map { (String(name[..<range.lowerBound]), $0) }
      }
    }
    return Dictionary(marks, uniquingKeysWith: max)
  }

  private static let taken = ".taken-"
}
