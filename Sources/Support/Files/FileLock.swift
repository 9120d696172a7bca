import Foundation

/// The right to something that one process at a time may have, as a lock on a file. The system takes it back when the process
/// ends, however it ends.
package final class FileLock {
  private let descriptor: Int32

  /// Takes the lock, and notes in the file who has it.
  /// - Returns: nil where somebody else has it.
  /// - Throws: `FileProblem` where the file cannot be written or locked.
  package init?(_ path: String) throws {
    descriptor = Descriptor.open(path, O_RDWR | O_CREAT | O_CLOEXEC)
    guard descriptor >= 0 else { throw AtomicFile.problem(path, "written", errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw AtomicFile.problem(path, "locked", code) }
      return nil
    }
    _ = ftruncate(descriptor, 0)
    _ = Descriptor.write("process \(getpid()) on \(ProcessInfo.processInfo.hostName)", to: descriptor)
  }

  deinit { close(descriptor) }
}
