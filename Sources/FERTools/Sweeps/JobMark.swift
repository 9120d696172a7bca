import Foundation
import Support

/// `claims/JOB.taken-N`: what the N-th process that took a job says of itself.
///
///     taken {"owner":{"host":"ada","machine":"...","process":12,"start":4711},"silence":300,"since":1764260000}
///
/// The system lets one process make it, also over a network where locks mean little, and it is never removed: no number is given
/// out twice, so that whoever still sees an older state of the folder cannot take what another has. Its owner touches it as a
/// sign of life, which needs no room on the disk. Where it leaves the job, done or not, "taken" becomes "ended", in place.
package struct JobMark {
  /// What its owner has written.
  package struct Content: Codable, Sendable {
    /// Who has the job.
    package let owner: ProcessIdentity
    /// After so many seconds without a sign of life others may take the job over.
    package let silence: Double
    /// When it took the job, in seconds since the beginning of 1970 by its own clock.
    package let since: Double
  }

  let path: String
  let number: Int
  /// Whether its owner has left the job.
  package let hasEnded: Bool
  /// Nil where it says nothing: it is being written, or its owner was killed over that.
  package let content: Content?
  /// Another one after every sign of life; nil where the mark is not there.
  let stamp: FileStamp?

  private static let (taken, ended) = ("taken ", "ended ")

  /// Reads the mark. To open it asks a file server anew, whatever this machine holds of it.
  init(_ path: String, _ number: Int) {
    let text = (try? FileSystem.text(of: path)) ?? ""
    (self.path, self.number, stamp) = (path, number, FileStamp(path))
    hasEnded = text.hasPrefix(Self.ended)
    content = JSONValue.decoded(from: text.dropFirst(Self.taken.count))
  }

  /// When its owner gave the last sign of life, in seconds since the beginning of 1970 by the clock of its file system.
  package var lastSign: Double? {
    FileSystem.status(of: path).map { Double($0.st_mtim.tv_sec) + Double($0.st_mtim.tv_nsec) * 1e-9 }
  }

  /// Makes a mark.
  /// - Returns: false where another process has made it.
  /// - Throws: ``FileProblem`` where it cannot be written; then it is not there.
  static func make(_ path: String, _ content: Content) throws -> Bool {
    AtomicFile.ignoresSizeSignal
    let text = try taken + JSONValue.text(encoding: content) + "\n"
    let file = Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)
    guard file >= 0 else {
      let code = errno
      if code == EEXIST { return false }
      throw AtomicFile.problem(path, "written", code)
    }
    var code = Descriptor.write(text, to: file)
    if close(file) != 0, code == 0 { code = errno }
    guard code == 0 else {
      unlink(path.systemName)
      throw AtomicFile.problem(path, "written", code)
    }
    return true
  }

  /// Gives a sign of life.
  /// - Returns: 0, or the code of the call that failed.
  static func touch(_ path: String) -> Int32 {
    change(path) { futimens($0, nil) == 0 }
  }

  /// Notes that the owner has left the job. Where that fails, others see that it has ended, or that it is silent.
  static func end(_ path: String) {
    _ = change(path) { pwrite($0, ended, ended.utf8.count, 0) == ended.utf8.count }
  }

  private static func change(_ path: String, _ body: (Int32) -> Bool) -> Int32 {
    let file = Descriptor.open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return errno }
    let code = body(file) ? 0 : errno
    return close(file) == 0 ? code : code == 0 ? errno : code
  }
}
