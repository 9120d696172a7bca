import FERCore
import Foundation
import Support

/// Reads files of unknown origin: never hangs on a pipe, never reads a device, never more than a limit.
enum FileBytes {
  /// The largest file that is read as an image.
  static let largestImage = 256 << 20

  /// The whole file.
  /// - Throws: a ``DataProblem`` that names it.
  static func read(_ path: String, atMost limit: Int = largestImage) throws(DataProblem) -> [UInt8] {
    try withOpenFile(path) { descriptor, size throws(DataProblem) in
      guard size > 0 else { throw DataProblem(path, "is empty (0 bytes); fetch it again or remove it") }
      guard size <= limit else {
        throw DataProblem(path, "is \(size) bytes long; at most \(limit) are read as an image")
      }
      let bytes = try read(descriptor, size, path)
      guard bytes.count == size else {
        throw DataProblem(path, "ended after \(bytes.count) of \(size) bytes: it changed while it was read")
      }
      return bytes
    }
  }

  /// The first bytes and the size in bytes.
  static func start(of path: String, count: Int) throws(DataProblem) -> (bytes: [UInt8], size: Int) {
    try withOpenFile(path) { descriptor, size throws(DataProblem) in
      (try read(descriptor, min(count, size), path), size)
    }
  }

  private static func withOpenFile<Result>(
    _ path: String, _ body: (Int32, Int) throws(DataProblem) -> Result
  ) throws(DataProblem) -> Result {
    let (descriptor, size) = try opened(path)
    defer { close(descriptor) }
    return try body(descriptor, size)
  }

  /// A descriptor, which the caller closes, and the size in bytes.
  static func opened(_ path: String) throws(DataProblem) -> (descriptor: Int32, size: Int) {
    guard !path.utf8.contains(0) else { throw DataProblem("", "a path with a zero byte in it names no file") }
    // A pipe would keep an ordinary `open` waiting for a writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw DataProblem(path, "cannot be opened: \(reason(errno))") }
    var status = stat()
    let failure = fstat(descriptor, &status) == 0 ? 0 : errno
    guard failure == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw DataProblem(
        path, failure == 0 ? "is \(kind(status.st_mode)), not a file" : "cannot be read: \(reason(failure))")
    }
    return (descriptor, Int(status.st_size))
  }

  private static func read(_ descriptor: Int32, _ size: Int, _ path: String) throws(DataProblem) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        guard let start = buffer.baseAddress else { return }
        let got = Foundation.read(descriptor, start + count, size - count)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = errno }
        guard got > 0 else { return }
        count += got
      }
    }
    guard failure == 0 else { throw DataProblem(path, "cannot be read: \(reason(failure))") }
    return bytes
  }

  private static func kind(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFCHR, S_IFBLK: "a device"
    case S_IFSOCK: "a socket"
    default: "something else"
    }
  }

  static func reason(_ code: Int32) -> String {
    code == ENOENT ? "it does not exist" : String(cString: strerror(code)).lowercased()
  }
}
