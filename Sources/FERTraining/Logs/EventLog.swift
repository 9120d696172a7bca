import Foundation
import NeuralKit
import Support

/// A file that only grows, line by line or record by record.
///
/// Where writing fails (a full disk, a file that somebody removed) training goes on, and `warn` is told once. What
/// could not be written whole leaves no half of it behind; what comes later is tried again. Where making it safe fails,
/// the system may have lost what it held of the file, and would not say so again: its content is written anew.
final class EventLog {
  private let path: String
  private let warn: (String) -> Void
  private var descriptor: Int32
  private var length: Int
  private var hasWarned = false

  /// Opens or creates the file.
  /// - Parameter length: to how many bytes it is cut back; one that has fewer, to its whole lines. Where that cannot be told,
  ///   the file stays as it is, and nothing is added.
  init(_ path: String, warn: @escaping (String) -> Void, cutTo length: ((String) throws -> Int)? = nil) {
    self.path = path
    self.warn = warn
    self.length = 0
    descriptor = Descriptor.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      complain(errno)
      return
    }
    do {
      try length.map(cut)
      lseek(descriptor, 0, SEEK_END)
    } catch {
      close(descriptor)
      descriptor = -1
      hasWarned = true
      warn("\(error); the run goes on without it")
    }
  }

  private func cut(to length: (String) throws -> Int) throws {
    self.length = try length(path)
    if lseek(descriptor, 0, SEEK_END) < self.length {
      warn("\(path): is shorter than it was at the last checkpoint; earlier lines are lost")
      self.length = try LogLine.length(of: path) { _ in true }
    }
    if ftruncate(descriptor, off_t(self.length)) != 0 { complain(errno) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends a line.
  func append(_ line: String) { append(Array((line + "\n").utf8)) }

  /// Appends a record.
  func append(_ bytes: [UInt8]) {
    guard descriptor >= 0 else { return }
    let start = lseek(descriptor, 0, SEEK_CUR)
    let code = bytes.withUnsafeBytes { Descriptor.write($0, to: descriptor) }
    guard code != 0 else { return }
    complain(code)
    if lseek(descriptor, 0, SEEK_CUR) != start, ftruncate(descriptor, start) == 0 {
      lseek(descriptor, start, SEEK_SET)
    }
  }

  /// Makes what was appended safe and tells how long the file is, or was when it could last be written.
  func sync() -> Int {
    guard descriptor >= 0 else { return length }
    length = Int(lseek(descriptor, 0, SEEK_CUR))
    if fsync(descriptor) != 0, errno != EINVAL { writeAnew(after: errno) }
    return length
  }

  /// Puts a fresh file with the same content in the place of one that could not be made safe; where that fails too,
  /// the log ends here.
  private func writeAnew(after code: Int32) {
    close(descriptor)
    descriptor = -1
    do {
      let file = try OpenFile(path)
      let content = try file.read(from: 0, count: file.length)
      try AtomicFile.write(to: path, size: content.count) { try $0.write(content) }
      descriptor = Descriptor.open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
      lseek(descriptor, 0, SEEK_END)
    } catch { complain(code) }
  }

  private func complain(_ code: Int32) {
    guard !hasWarned else { return }
    hasWarned = true
    warn(AtomicFile.problem(path, "written", code).description + "; the run goes on without it")
  }
}
