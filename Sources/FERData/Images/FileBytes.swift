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
    let file = try opened(path)
    let size = file.length
    guard size > 0 else { throw DataProblem(path, "is empty (0 bytes); fetch it again or remove it") }
    guard size <= limit else {
      throw DataProblem(path, "is \(size) bytes long; at most \(limit) are read as an image")
    }
    let bytes = try read(file, size)
    guard bytes.count == size else {
      throw DataProblem(path, "ended after \(bytes.count) of \(size) bytes: it changed while it was read")
    }
    return bytes
  }

  /// The first bytes and the size in bytes.
  static func start(of path: String, count: Int) throws(DataProblem) -> (bytes: [UInt8], size: Int) {
    let file = try opened(path)
    return (try read(file, min(count, file.length)), file.length)
  }

  /// The file, open for reading.
  /// - Throws: a ``DataProblem`` that names it.
  static func opened(_ path: String) throws(DataProblem) -> OpenFile {
    guard !path.utf8.contains(0) else { throw DataProblem("", "a path with a zero byte in it names no file") }
    do throws(OpenFile.Failure) { return try OpenFile(opening: path) } catch {
      if case .kind(let kind) = error { throw DataProblem(path, "is \(kind), not a file") }
      throw DataProblem(path, "cannot be opened: \(error.reason)", isRequest: error.isRequest)
    }
  }

  private static func read(_ file: OpenFile, _ size: Int) throws(DataProblem) -> [UInt8] {
    var failure: OpenFile.Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let target = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<size])
      (count, failure) = file.readToEnd(from: 0, into: target)
    }
    if let failure {
      throw DataProblem(file.path, "cannot be read: \(failure.reason)", isRequest: failure.isRequest)
    }
    return bytes
  }
}

extension OpenFile.Failure {
  /// The end of a sentence on it.
  var reason: String {
    switch self {
    case .system(ENOENT): "it does not exist"
    case .system(let code): String(cString: strerror(code)).lowercased()
    case .kind(let kind): "it is \(kind)"
    }
  }
}
