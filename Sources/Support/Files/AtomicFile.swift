import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Writes a file so that at every instant, whatever happens, its name leads to the whole old or the whole new one.
///
/// The new content is written beside, synced, renamed over the old, and the folder synced. Where any of that
/// fails, the new file is removed, the old one stays, and a ``FileProblem`` says why. A failed sync is never
/// tried again on the same file: the kernel may have dropped the data meanwhile. Where a folder needs a ``WritePermit``, nothing
/// is begun or put in place without it.
package enum AtomicFile {
  /// Takes the content piece by piece.
  package struct Sink {
    fileprivate let descriptor: Int32
    fileprivate let path: String
    fileprivate let size: Int?

    /// Appends all bytes, however many calls it takes.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileProblem) {
      let code = Descriptor.write(bytes, to: descriptor)
      guard code != 0 else { return }
      // What was written so far will be removed, and its room counts as free.
      let problem = AtomicFile.problem(
        path, "written", code, room: AtomicFile.room(of: descriptor), size: size)
      throw FileProblem(
        path, problem.message + "; what was there stays as it was", isRequest: problem.isRequest)
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
  /// - Parameter size: how many bytes that will be, to be told where a disk has no room for them.
  /// - Parameter beforeReplacing: runs when the new file is safe, just before it takes the old one's place.
  package static func write(
    to path: String, size: Int? = nil, beforeReplacing: () throws -> Void = {},
    _ content: (Sink) throws -> Void
  ) throws {
    ignoresSizeSignal
    try requireOrdinary(path)
    let permit = WritePermits.permit(for: path)
    try permit?.confirm()
    let folder = folder(of: path)
    let beside = folder + "/" + temporaryPrefix + "\(getpid())-\(processMark)-\(nextNumber())"
    unlink(beside.systemName)
    let descriptor = Descriptor.open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw problem(path, "written", errno) }
    do {
      do {
        try content(Sink(descriptor: descriptor, path: path, size: size))
        guard fsync(descriptor) == 0 else { throw problem(path, "saved safely (sync)", errno) }
      } catch {
        close(descriptor)
        throw error
      }
      guard close(descriptor) == 0 else { throw problem(path, "written", errno) }
      try permit?.confirm()
      try beforeReplacing()
      guard rename(beside.systemName, path.systemName) == 0 else {
        throw problem(path, "put in place", errno)
      }
    } catch {
      unlink(beside.systemName)
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
    let (path, name) = (path.systemName, other.systemName)
    guard access(path, F_OK) == 0 else { return }
    unlink(name)
    guard link(path, name) == 0 || rename(path, name) == 0 else {
      throw problem(other, "put in place", errno)
    }
  }

  /// Removes what writes that were killed have left in a folder.
  package static func removeLeftovers(in folder: String) {
    for name in (try? FolderNames.all(in: folder)) ?? [] where name.hasPrefix(temporaryPrefix) {
      unlink((folder + "/" + name).systemName)
    }
  }

  /// The sentence for a failed system call, with the path and, for a full disk, the space that is left.
  /// - Parameter room: bytes of the disk that count as free.
  /// - Parameter size: bytes that are needed.
  package static func problem(
    _ path: String, _ verb: String, _ code: Int32, room: UInt64 = 0, size: Int? = nil
  ) -> FileProblem {
    let reason: String
    switch code {
    case ENOSPC:
      let needed = size.map { ", \(ByteCount.text($0)) needed" } ?? ""
      let free =
        freeSpace(folder(of: path)).map { "\(ByteCount.text(Int(clamping: $0 + room))) free" }
        ?? "free space unknown"
      reason = "no space is left on its disk (\(free)\(needed)); free some, or write elsewhere"
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
    return FileProblem(path, "cannot be \(verb): \(reason)", isRequest: SystemCode.isRequest(code))
  }

  /// The folder part of a path, as it is written: the system follows a link before it goes up a "..", so that
  /// ``PathText/folder(of:)``, which takes both away, may name another folder than the one that the file lies in.
  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
  }

  /// What the names of files begin with that are not whole yet.
  package static let temporaryPrefix = ".arbex-partial-"

  private static func syncFolder(_ folder: String, of path: String) throws {
    let descriptor = Descriptor.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw problem(path, "saved safely (folder)", errno) }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder and say EINVAL; they have nothing to sync then.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw problem(path, "saved safely (folder)", errno)
    }
  }

  private static func freeSpace(_ folder: String) -> UInt64? {
    var status = statvfs()
    guard statvfs(folder.systemName, &status) == 0 else { return nil }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  /// What a file takes on its disk.
  private static func room(of descriptor: Int32) -> UInt64 {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? UInt64(max(0, status.st_blocks)) * 512 : 0
  }

  /// A new file would take the place of a device, a pipe, or what leads to one, for everybody.
  private static func requireOrdinary(_ path: String) throws(FileProblem) {
    let kind = FileSystem.kind(of: path)
    guard kind ?? S_IFREG == S_IFREG, folder(of: path) != "/dev" else {
      throw FileProblem(
        path,
        "cannot be written: it is \(kind.map(OpenFile.kind) ?? "in a folder of devices"); name an ordinary file"
      )
    }
  }

  /// Beyond the size limit a write shall fail with EFBIG, not kill the process.
  package static let ignoresSizeSignal: Void = { _ = signal(SIGXFSZ, SIG_IGN) }()

  /// Processes of several machines may have the same number and write into the same folder.
  private static let processMark = String(UInt64.random(in: 0 ... .max), radix: 36)

  private static func nextNumber() -> Int { counter.add(1, ordering: .relaxed).newValue }
  private static let counter = Atomic<Int>(0)
}
