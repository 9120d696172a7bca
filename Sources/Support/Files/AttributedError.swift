#if canImport(Glibc)
  import Glibc
#endif

/// An error that knows whether the request was wrong or the work failed; the exit code follows from that alone.
///
/// The request is wrong where a person can put it right in what was asked for: a word, a recipe, a file that is damaged,
/// missing or closed to us. The work failed where the machine let us down: a full disk, a quota, an input/output error,
/// memory, descriptors.
package protocol AttributedError: Error {
  /// Whether the request was wrong rather than the work failed.
  var isRequest: Bool { get }
}

/// What the codes of failed system calls stand for.
package enum SystemCode {
  /// Whether another path would have done: it leads nowhere, to something else, or to what is not ours. All other codes
  /// (a full disk, a quota, a limit, an input/output error ...) mean that the work failed.
  package static func isRequest(_ code: Int32) -> Bool {
    [
      ENOENT, ENOTDIR, EISDIR, EEXIST, ENOTEMPTY, ELOOP, ENAMETOOLONG, EINVAL, ENXIO, ENODEV, EACCES, EPERM,
      EROFS, ETXTBSY, ESPIPE,
    ].contains(code)
  }
}
