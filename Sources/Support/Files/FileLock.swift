#if canImport(Glibc)
  import Glibc
#endif

/// The right to something that one process at a time may have, as a lock on a file. The system takes it back when the process
/// ends, however it ends.
///
/// Some file systems that machines share know no such locks (Lustre unless it is mounted with them, NFS without its lock
/// service): there everybody has the right, and ``isHeld`` says so.
package final class FileLock {
  private let descriptor: Int32
  /// Whether it keeps others out.
  package let isHeld: Bool

  /// Takes the lock, and notes in the file who has it.
  /// - Returns: nil where somebody else has it.
  /// - Throws: `FileProblem` where the file cannot be written or locked.
  package init?(_ path: String) throws {
    while true {
      let file = Descriptor.open(path, O_RDWR | O_CREAT | O_CLOEXEC)
      guard file >= 0 else { throw AtomicFile.problem(path, "written", errno) }
      let code = flock(file, LOCK_EX | LOCK_NB) == 0 ? 0 : errno
      if code == 0, !Self.isAt(path, file) {
        // Whoever may take it away has put another file in its place meanwhile.
        close(file)
        continue
      }
      let isWithout = [ENOLCK, ENOSYS, EOPNOTSUPP].contains(code)
      guard code == 0 || isWithout else {
        close(file)
        guard code == EWOULDBLOCK else { throw AtomicFile.problem(path, "locked", code) }
        return nil
      }
      (descriptor, isHeld) = (file, !isWithout)
      _ = ftruncate(descriptor, 0)
      _ = Descriptor.write(ProcessIdentity.current.description, to: descriptor)
      return
    }
  }

  private static func isAt(_ path: String, _ file: Int32) -> Bool {
    var opened = stat()
    guard fstat(file, &opened) == 0, let found = FileSystem.status(of: path) else { return false }
    return found.st_dev == opened.st_dev && found.st_ino == opened.st_ino
  }

  deinit { close(descriptor) }
}
