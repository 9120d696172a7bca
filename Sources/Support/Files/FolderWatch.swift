#if canImport(Glibc)
  import Glibc
#endif

/// Tells of files in a folder once they are complete: closed by who wrote them, or moved there (`inotify`, Linux).
///
/// Folders below it are not looked into. What another machine writes to a network share Linux does not tell.
package final class FolderWatch {
  /// What has happened in the folder.
  package struct News {
    /// The names of complete files, in the order they were completed.
    package var names: [String] = []
    /// Whether files came too fast for the system to keep count of them.
    package var hasGap = false
  }

  private static let completed = UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO)
  private static let gone =
    UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_UNMOUNT) | UInt32(IN_IGNORED)

  private let path: String
  private let descriptor: Int32

  /// Begins to watch; what is there already is not told of.
  /// - Throws: ``FileProblem`` where there is no such folder, or it cannot be watched.
  package init(_ path: String) throws(FileProblem) {
    self.path = path
    descriptor = inotify_init1(O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw AtomicFile.problem(path, "watched", errno) }
    let wanted = Self.completed | Self.gone | UInt32(IN_ONLYDIR)
    // Where this throws, `deinit` closes: everything is set.
    guard inotify_add_watch(descriptor, path.systemName, wanted) >= 0 else {
      throw AtomicFile.problem(path, "watched", errno)
    }
  }

  deinit { close(descriptor) }

  /// What has happened since it was last asked.
  /// - Parameter milliseconds: so long is waited for something to happen, or until a signal comes.
  /// - Throws: ``FileProblem`` where the folder itself has gone.
  package func news(within milliseconds: Int32) throws(FileProblem) -> News {
    guard Descriptor.isReady(descriptor, within: milliseconds) else { return News() }
    var failure: Int32 = 0
    let bytes = Descriptor.read(descriptor, atMost: 1 << 16, failure: &failure)
    guard failure == 0 else { throw AtomicFile.problem(path, "watched", failure) }
    var (news, hasGone) = (News(), false)
    // Each event: watch, mask and cookie of four bytes each, the length of the name, and the name, filled up with zeros.
    var rest = bytes[...]
    while rest.count >= 16 {
      let number = { (at: Int) in
        rest.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt32.self) }
      }
      let (mask, length) = (number(4), Int(number(12)))
      let name = rest.dropFirst(16).prefix(length).prefix { $0 != 0 }
      rest = rest.dropFirst(16 + length)
      news.hasGap = news.hasGap || mask & UInt32(IN_Q_OVERFLOW) != 0
      hasGone = hasGone || mask & Self.gone != 0
      if mask & Self.completed != 0, mask & UInt32(IN_ISDIR) == 0 { news.names.append(FileName.text(name)) }
    }
    if hasGone, news.names.isEmpty {
      throw FileProblem(path, "is no longer there: the folder was removed, renamed or unmounted")
    }
    return news
  }
}
