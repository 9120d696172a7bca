import Foundation
import NeuralKit
import Support

/// A file that only grows, line by line or record by record.
///
/// Where writing fails (a full disk, a file that somebody removed) training goes on, and `warn` is told once. What
/// could not be written whole leaves no half of it behind; what comes later is tried again.
final class EventLog {
  private let path: String
  private let warn: (String) -> Void
  private var descriptor: Int32
  private var hasWarned = false

  /// Opens or creates the file, cut back to `length` bytes where that is given; one that has fewer, to its whole lines.
  init(_ path: String, cutTo length: Int? = nil, warn: @escaping (String) -> Void) {
    self.path = path
    self.warn = warn
    descriptor = open(path.systemName, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644)
    guard descriptor >= 0 else {
      complain(errno)
      return
    }
    if var length {
      if lseek(descriptor, 0, SEEK_END) < length {
        warn("\(path): is shorter than it was at the last checkpoint; earlier lines are lost")
        length = LogLine.length(of: path) { _ in true }
      }
      if ftruncate(descriptor, off_t(length)) != 0 { complain(errno) }
    }
    lseek(descriptor, 0, SEEK_END)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends a line.
  func append(_ line: String) { append(Array((line + "\n").utf8)) }

  /// Appends a record.
  func append(_ bytes: [UInt8]) {
    guard descriptor >= 0 else { return }
    let start = lseek(descriptor, 0, SEEK_CUR)
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        complain(count == 0 ? ENOSPC : errno)
        if done > 0, ftruncate(descriptor, start) == 0 { lseek(descriptor, start, SEEK_SET) }
        return
      }
      done += count
    }
  }

  /// Makes what was appended safe and tells how long the file is.
  func sync() -> Int {
    guard descriptor >= 0 else { return 0 }
    if fsync(descriptor) != 0, errno != EINVAL { complain(errno) }
    return Int(lseek(descriptor, 0, SEEK_CUR))
  }

  private func complain(_ code: Int32) {
    guard !hasWarned else { return }
    hasWarned = true
    warn(AtomicFile.problem(path, "written", code).description + "; the run goes on without it")
  }
}
