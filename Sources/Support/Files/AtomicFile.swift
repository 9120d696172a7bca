import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Writes a file so that at every instant, whatever happens, its name leads to the whole old or the whole new one.
///
/// The new content is written beside, synced, renamed over the old, and the folder synced. Where any of that
/// fails, the new file is removed, the old one stays, and a ``FileProblem`` says why. A failed sync is never
/// tried again on the same file: the kernel may have dropped the data meanwhile.
package enum AtomicFile {
  /// Takes the content piece by piece.
  package struct Sink {
    fileprivate let descriptor: Int32
    fileprivate let path: String

    /// Appends all bytes, however many calls it takes.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileProblem) {
      var rest = bytes
      while let start = rest.baseAddress, !rest.isEmpty {
        let written = AtomicFile.systemWrite(descriptor, start, min(rest.count, 1 << 30))
        if written < 0, errno == EINTR { continue }
        guard written > 0 else {
          let problem = AtomicFile.problem(path, "written", written == 0 ? ENOSPC : errno)
          throw FileProblem(path, problem.message + "; what was there stays as it was")
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      }
    }

    /// Appends text.
    package func write(_ text: String) throws(FileProblem) { try write(Array(text.utf8)) }

    /// Appends bytes.
    package func write(_ bytes: [UInt8]) throws(FileProblem) {
      var failure: FileProblem?
      bytes.withUnsafeBytes { do throws(FileProblem) { try write($0) } catch { failure = error } }
      if let failure { throw failure }
    }
  }

  /// Replaces or creates the file at `path` with what `content` writes.
  /// - Parameter beforeReplacing: runs when the new file is safe, just before it takes the old one's place.
  package static func write(
    to path: String, beforeReplacing: () throws -> Void = {}, _ content: (Sink) throws -> Void
  ) throws {
    ignoresSizeSignal
    let folder = folder(of: path)
    let beside = folder + "/" + temporaryPrefix + "\(getpid())-\(nextNumber())"
    unlink(beside)
    let descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw problem(path, "written", errno) }
    do {
      do {
        try content(Sink(descriptor: descriptor, path: path))
        guard fsync(descriptor) == 0 else { throw problem(path, "saved safely (sync)", errno) }
      } catch {
        close(descriptor)
        throw error
      }
      guard close(descriptor) == 0 else { throw problem(path, "written", errno) }
      try beforeReplacing()
      guard rename(beside, path) == 0 else { throw problem(path, "put in place", errno) }
    } catch {
      unlink(beside)
      throw error
    }
    try syncFolder(folder, of: path)
  }

  /// Replaces or creates a file of text.
  package static func write(_ text: String, to path: String) throws {
    try write(to: path) { try $0.write(text) }
  }

  /// Gives a file a second name beside, in place of whatever had it; where the file system has no such links, the
  /// file is renamed. Nothing happens where there is no such file.
  package static func keep(_ path: String, as other: String) throws {
    guard access(path, F_OK) == 0 else { return }
    unlink(other)
    guard link(path, other) == 0 || rename(path, other) == 0 else {
      throw problem(other, "put in place", errno)
    }
  }

  /// Removes what writes that were killed have left in a folder.
  package static func removeLeftovers(in folder: String) {
    for name in (try? FolderNames.all(in: folder)) ?? [] where name.hasPrefix(temporaryPrefix) {
      unlink(folder + "/" + name)
    }
  }

  /// The sentence for a failed system call, with the path and, for a full disk, the space that is left.
  package static func problem(_ path: String, _ verb: String, _ code: Int32) -> FileProblem {
    let reason: String
    switch code {
    case ENOSPC:
      reason = "no space is left on its disk (\(freeSpace(folder(of: path)))); free some, or write elsewhere"
    case EDQUOT: reason = "the disk quota is used up; free some space, or write elsewhere"
    case EFBIG: reason = "it would be larger than the process or file system allows (see `ulimit -f`)"
    case EIO: reason = "the disk reports an input/output error"
    case EACCES, EPERM: reason = "permission is denied"
    case EROFS: reason = "its file system is read-only"
    case ENOENT: reason = "there is no such file or folder"
    case ENOTDIR: reason = "part of its path is a file, not a folder"
    case EISDIR: reason = "it is a folder"
    case ELOOP: reason = "its symbolic links lead in a circle"
    case ENAMETOOLONG: reason = "its name is too long"
    default: reason = String(cString: strerror(code))
    }
    return FileProblem(path, "cannot be \(verb): \(reason)")
  }

  /// The folder part of a path.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// What the names of files begin with that are not whole yet.
  package static let temporaryPrefix = ".arbex-partial-"

  private static func syncFolder(_ folder: String, of path: String) throws {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw problem(path, "saved safely (folder)", errno) }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder and say EINVAL; they have nothing to sync then.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw problem(path, "saved safely (folder)", errno)
    }
  }

  private static func freeSpace(_ folder: String) -> String {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return "free space unknown" }
    return "\(UInt64(status.f_bavail) * UInt64(status.f_frsize) / 1_000_000) MB free"
  }

  /// Beyond the size limit a write shall fail with EFBIG, not kill the process.
  private static let ignoresSizeSignal: Void = { _ = signal(SIGXFSZ, SIG_IGN) }()

  private static func nextNumber() -> Int { counter.add(1, ordering: .relaxed).newValue }
  private static let counter = Atomic<Int>(0)

  private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    Glibc.write(descriptor, bytes, count)
  }
}
