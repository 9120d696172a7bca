#if canImport(Glibc)
  import Glibc
#endif

/// Reading and writing through descriptors: the one place that copes with short counts and interrupted calls.
package enum Descriptor {
  /// Opens a file; a signal that comes between does not end it, as it may on slow and on remote file systems.
  /// - Parameter mode: of a file that is made.
  /// - Returns: a descriptor, or -1 with the reason in `errno`.
  package static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o644) -> Int32 {
    while true {
      let descriptor = Glibc.open(path.systemName, flags, mode)
      if descriptor >= 0 || errno != EINTR { return descriptor }
    }
  }

  /// Writes all bytes, however many calls it takes; where a descriptor does not wait by itself, this waits for it.
  /// - Returns: 0, or the code of the call that failed.
  package static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      let written = Glibc.write(descriptor, start, min(rest.count, 1 << 30))
      let code = written < 0 ? errno : 0
      if goesOn(after: code, descriptor, POLLOUT) { continue }
      guard code == 0 else { return code }
      // A device that takes nothing and says nothing would be asked for ever.
      guard written > 0 else { return ENOSPC }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
    return 0
  }

  /// Writes a text.
  package static func write(_ text: String, to descriptor: Int32) -> Int32 {
    Array(text.utf8).withUnsafeBytes { write($0, to: descriptor) }
  }

  /// The next bytes, at most `limit`; empty at the end.
  /// - Parameter failure: the code of the call that failed, or 0.
  package static func read(_ descriptor: Int32, atMost limit: Int, failure: inout Int32) -> [UInt8] {
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { target, count in
      var got = 0
      repeat {
        got = Glibc.read(descriptor, target.baseAddress, limit)
        code = got < 0 ? errno : 0
      } while goesOn(after: code, descriptor, POLLIN)
      count = max(0, got)
    }
    failure = code
    return bytes
  }

  /// Whether reading would answer at once, be it with the end or a failure.
  /// - Parameter milliseconds: so long is waited for it, or until a signal comes.
  package static func isReady(_ descriptor: Int32, within milliseconds: Int32 = 0) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, milliseconds) > 0
  }

  /// Whether a call that failed with this code is to be made again. Where the descriptor does not wait by itself, this waits
  /// until it is ready.
  private static func goesOn(after code: Int32, _ descriptor: Int32, _ event: Int32) -> Bool {
    guard code == EAGAIN else { return code == EINTR }
    var request = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    poll(&request, 1, -1)
    return true
  }
}
