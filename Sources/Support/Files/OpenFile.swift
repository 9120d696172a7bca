#if canImport(Glibc)
  import Glibc
#endif

/// An ordinary file open for reading. One handle serves all reads, so replacing the file meanwhile changes nothing.
package final class OpenFile: Sendable {
  /// Why something could not be opened or read; whoever asked for it makes the sentence.
  package enum Failure: Error {
    /// What the system answered, as in `errno`.
    case system(Int32)
    /// It is no file but "a folder", "a pipe" ...
    case kind(String)

    /// As of ``AttributedError``.
    package var isRequest: Bool {
      switch self {
      case .system(let code): SystemCode.isRequest(code)
      case .kind: true
      }
    }
  }

  /// Where the file was found.
  package let path: String
  /// Bytes when it was opened.
  package let length: Int
  private let descriptor: Int32

  /// Opens a file; never waits for a pipe, never opens a device.
  package init(opening path: String) throws(Failure) {
    self.path = path
    // The system would read the path up to the zero byte only.
    guard !path.utf8.contains(0) else { throw .system(EINVAL) }
    // Non-blocking, so that a pipe in the file's place cannot make us wait.
    descriptor = Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno) }
    var status = stat()
    let failure = fstat(descriptor, &status) == 0 ? 0 : errno
    length = Int(status.st_size)
    // Where this throws, `deinit` closes: everything is set.
    guard failure == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw failure == 0 ? .kind(Self.kind(status.st_mode)) : .system(failure)
    }
  }

  /// - Throws: ``FileProblem`` where there is no such file, or it is a folder, a pipe, a device.
  package convenience init(_ path: String) throws(FileProblem) {
    do throws(Failure) { try self.init(opening: path) } catch { throw Self.problem(path, error) }
  }

  /// A file; nil where there is none.
  /// - Throws: ``FileProblem`` where there is one that cannot be opened, or something else.
  package static func existing(_ path: String) throws(FileProblem) -> OpenFile? {
    do throws(Failure) { return try OpenFile(opening: path) } catch {
      if case .system(ENOENT) = error { return nil }
      throw problem(path, error)
    }
  }

  deinit { close(descriptor) }

  /// `count` bytes from `offset` on.
  /// - Precondition: the caller has checked `count` against ``length``.
  package func read(from offset: Int, count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let target = UnsafeMutableRawBufferPointer(buffer)
      try read(from: offset, into: UnsafeMutableRawBufferPointer(rebasing: target[..<count]))
      initialized = count
    }
  }

  /// Fills `target` with the bytes from `offset` on.
  /// - Throws: ``FileProblem`` where the file ends before, or cannot be read.
  package func read(from offset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    let (count, failure) = readToEnd(from: offset, into: target)
    if let failure { throw Self.problem(path, failure) }
    guard count == target.count else { throw FileProblem(path, "was cut short while it was read") }
  }

  /// Fills `target` with the bytes from `offset` on as far as the file goes.
  /// - Returns: how many bytes there were, and what stopped the reading if not the file's end.
  package func readToEnd(
    from offset: Int, into target: UnsafeMutableRawBufferPointer
  ) -> (count: Int, failure: Failure?) {
    var done = 0
    while done < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      let count = pread(descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return (done, count < 0 ? .system(errno) : nil) }
      done += count
    }
    return (done, nil)
  }

  /// Hands over the bytes of a range in blocks that fit the cache, for digests.
  package func blocks(of range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) throws {
    // Small enough to be still in the cache when it is used, and for `malloc` not to ask the system for it.
    let block = 1 << 16
    try withUnsafeTemporaryAllocation(byteCount: block, alignment: 64) { buffer in
      for start in stride(from: range.lowerBound, to: range.upperBound, by: block) {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(block, range.upperBound - start)])
        try read(from: start, into: part)
        body(UnsafeRawBufferPointer(part))
      }
    }
  }

  /// The sentence for a file or folder that cannot be opened or read.
  package static func problem(_ path: String, _ failure: Failure) -> FileProblem {
    switch failure {
    case .system(let code): AtomicFile.problem(path, "read", code)
    case .kind: FileProblem(path, "is not an ordinary file")
    }
  }

  /// In words.
  static func kind(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFCHR, S_IFBLK: "a device"
    case S_IFSOCK: "a socket"
    default: "something else"
    }
  }
}
