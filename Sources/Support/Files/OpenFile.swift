#if canImport(Glibc)
  import Glibc
#endif

/// An ordinary file open for reading. One handle serves all reads, so replacing the file meanwhile changes nothing.
package final class OpenFile: Sendable {
  /// Where the file was found.
  package let path: String
  /// Bytes when it was opened.
  package let length: Int
  private let descriptor: Int32

  /// - Throws: ``FileProblem`` where there is no such file, or it is a folder, a pipe, a device.
  package init(_ path: String) throws(FileProblem) {
    self.path = path
    // Non-blocking, so that a pipe in the file's place cannot make us wait.
    descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw AtomicFile.problem(path, "read", errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let problem = AtomicFile.problem(path, "read", errno)
      close(descriptor)
      throw problem
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileProblem(path, "is not an ordinary file")
    }
    length = Int(status.st_size)
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
    var done = 0
    while done < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      let count = pread(descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw AtomicFile.problem(path, "read", errno) }
      guard count > 0 else { throw FileProblem(path, "was cut short while it was read") }
      done += count
    }
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
}
