#if canImport(Glibc)
  import Glibc
#endif

/// Makes folders.
package enum FolderMaker {
  /// Makes a folder, and those above it, where they are not there yet.
  /// - Throws: a ``FileProblem`` that names the folder.
  package static func make(_ path: String) throws(FileProblem) {
    let code = code(making: path)
    guard code == 0 else {
      // A file is in its way.
      throw AtomicFile.problem(path, "made a folder", code == EEXIST ? ENOTDIR : code)
    }
  }

  /// 0, or the code of the call that failed.
  private static func code(making path: String) -> Int32 {
    guard mkdir(path, 0o777) != 0 else { return 0 }
    switch errno {
    case EEXIST:
      var status = stat()
      guard stat(path, &status) == 0 else { return errno }
      return status.st_mode & S_IFMT == S_IFDIR ? 0 : EEXIST
    case ENOENT:
      let above = PathText.folder(of: path)
      guard above != path, above != ".", above != "/" else { return ENOENT }
      let code = code(making: above)
      guard code == 0 else { return code }
      return mkdir(path, 0o777) == 0 || errno == EEXIST ? 0 : errno
    case let code: return code
    }
  }
}
