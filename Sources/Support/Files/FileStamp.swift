#if canImport(Glibc)
  import Glibc
#endif

/// What the file system tells of a file without reading it. While two stamps are the same, nobody has written to it.
package struct FileStamp: Equatable, Sendable {
  private let device, inode, size, modified, changed: Int64

  /// Of the file at a path, links followed; nil where there is none.
  package init?(_ path: String) {
    guard let status = FileSystem.status(of: path) else { return nil }
    func nanoseconds(_ time: timespec) -> Int64 {
      Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
    device = Int64(truncatingIfNeeded: status.st_dev)
    inode = Int64(truncatingIfNeeded: status.st_ino)
    size = Int64(status.st_size)
    (modified, changed) = (nanoseconds(status.st_mtim), nanoseconds(status.st_ctim))
  }

  /// Whether what is written from now on is certain to give the file another stamp. The clock of a file system may stand
  /// still for some time, so a file that has just been written tells nothing.
  package var isSettled: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return changed < (Int64(now.tv_sec) - 2) * 1_000_000_000
  }

  /// As a line of a file.
  package var text: String {
    [device, inode, size, modified, changed].map(String.init).joined(separator: " ")
  }

  /// From a line of a file; nil where it holds something else.
  package init?(text: some StringProtocol) {
    let numbers = text.split(separator: " ").map { Int64($0) }
    guard numbers.count == 5, let device = numbers[0], let inode = numbers[1], let size = numbers[2],
      let modified = numbers[3], let changed = numbers[4]
    else { return nil }
    (self.device, self.inode, self.size, self.modified, self.changed) = (
      device, inode, size, modified, changed
    )
  }
}
