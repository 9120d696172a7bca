import FERCore
import Foundation
import NeuralKit
import Support

/// The folder of one run and what lies in it.
///
///     recipe.json5        the effective recipe, enough to run it again
///     environment.json    program, processor and libraries it ran on; the recipe's file, and what was changed of it
///     data.jsonl          size and digest of every file it trains on
///     data.stamps         by which a resumed run knows which of them nobody has touched
///     resumes.jsonl       what was other when it was resumed, where something was
///     metrics.jsonl       one line per event; no times in it: the same run has the same bytes
///     steps.csv           its steps for a spreadsheet
///     epochs.csv          its epochs and their validations
///     timings.jsonl       when things happened and how long they took
///     events.out.tfevents.*.arbex  both for TensorBoard
///     checkpoints/        last, previous and best
///     predictions.csv     what the model says of each validation image
///     bad-images.txt      images that could not be read, and why, where there were some
///     remarks.json        what label policies did, where there are some
///     report.html         the same in pictures
///     report/             each of its figures and tables
///
/// One process at a time trains in it: it holds a lock that the system takes back when the process ends, however
/// it ends. Where the file system has no locks (``isLocked``), nothing sees to that but a sweep's marks.
package final class RunFolder {
  /// Where it is.
  package let path: String
  private var lock: FileLock?

  /// The file that names images which could not be read.
  static let badImages = "bad-images.txt"

  private init(_ path: String) { self.path = path }

  /// The folder of a run that exists.
  /// - Throws: ``RunProblem`` where it is none.
  package static func existing(_ path: String) throws -> RunFolder {
    guard isRun(path) else {
      throw RunProblem.request("\(path.printable): is not a run folder; it holds no recipe.json5")
    }
    return RunFolder(path)
  }

  /// Whether a path is the folder of a run.
  package static func isRun(_ path: String) -> Bool {
    FileSystem.exists(path + "/recipe.json5")
  }

  /// The recipe that a run was started with. The files of weights that it started from may be gone.
  package static func recipe(ofRun path: String, registry: Registry) throws -> Recipe {
    try Recipe.load(path: path + "/recipe.json5", needsWeights: false, registry: registry)
  }

  /// - Throws: ``RunProblem`` where there is something at `path` already. An empty folder is nothing, and so is what a run
  ///   leaves that never came to a checkpoint.
  package static func requireNew(_ path: String) throws {
    switch RunPlace(at: path) {
    case .free, .begun: return
    case .run:
      throw RunProblem.request(
        "\(path.printable): exists already; continue that run with --resume, or choose another folder with --out"
      )
    case .taken(let why):
      throw RunProblem.request(
        "\(path.printable): exists already and \(why); choose another folder with --out")
    }
  }

  /// Makes the folder of a new run and locks it. What a run left in it that never came to a checkpoint is removed.
  /// - Throws: ``RunProblem`` where there is something else, a `FileProblem` where it cannot be made.
  package static func create(_ path: String) throws -> RunFolder {
    try requireNew(path)
    let folder = RunFolder(path)
    try FileSystem.makeFolder(folder.checkpoints)
    try folder.takeLock()
    // Whoever had the lock until now may have trained here.
    try requireNew(path)
    AtomicFile.removeLeftovers(in: folder.checkpoints)
    for name in (try? FolderNames.all(in: path)) ?? [] where name != "lock" && name != "checkpoints" {
      unlink(folder.file(name))
    }
    return folder
  }

  /// Opens the folder of a run to go on with it, and locks it.
  package static func resume(_ path: String) throws -> RunFolder {
    guard isRun(path) || RunPlace(at: path) == .run else {
      throw RunProblem.request(
        "\(path.printable): there is no run to resume here; leave out --resume to start one")
    }
    let folder = RunFolder(path)
    try FileSystem.makeFolder(folder.checkpoints)
    try folder.takeLock()
    AtomicFile.removeLeftovers(in: folder.checkpoints)
    AtomicFile.removeLeftovers(in: path)
    return folder
  }

  /// Takes a run away from a process that may still live and have its files open, as one that was only stopped: the lock and
  /// the logs are put in place anew, so that what it holds is no longer what lies here. Only for whom the run is.
  /// - Throws: a `FileProblem` where a log cannot be read or written.
  package static func takeAway(_ path: String, from owner: ProcessIdentity) throws {
    try WritePermits.permit(for: path)?.confirm()
    let folder = RunFolder(path)
    if try FileSystem.text(of: folder.file("lock")) == owner.description {
      unlink(folder.file("lock").systemName)
    }
    for log in RunLog.files.map(folder.file) {
      guard let content = try FileSystem.contents(log) else { continue }
      try AtomicFile.write(to: log, size: content.count) { sink in try content.withUnsafeBytes(sink.write) }
    }
  }

  /// Whether a lock keeps other processes out.
  var isLocked: Bool { lock?.isHeld == true }

  /// A file of the run.
  package func file(_ name: String) -> String { path + "/" + name }
  /// The folder of the checkpoints.
  package var checkpoints: String { file("checkpoints") }

  private func takeLock() throws {
    try WritePermits.permit(for: path)?.confirm()
    lock = try FileLock(file("lock"))
    guard lock == nil else { return }
    let owner = try FileSystem.text(of: file("lock")) ?? ""
    throw RunProblem.request(
      "\(path.printable): another process is training in it (\(owner.printable)); wait for it, or end it first"
    )
  }
}
