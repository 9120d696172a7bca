import Foundation

/// What the file system says of a path, whatever bytes it is made of.
package enum FileSystem {
  /// What lies at a path, as `S_IFREG` and the like; nil where there is nothing, or nothing that can be reached.
  package static func kind(of path: String, followingLinks: Bool = true) -> mode_t? {
    status(of: path, followingLinks: followingLinks).map { $0.st_mode & S_IFMT }
  }

  /// All that the system tells of what lies at a path.
  package static func status(of path: String, followingLinks: Bool = true) -> stat? {
    guard !path.utf8.contains(0) else { return nil }
    var status = stat()
    let outcome = followingLinks ? stat(path.systemName, &status) : lstat(path.systemName, &status)
    return outcome == 0 ? status : nil
  }

  /// Whether there is something; a link counts by where it leads.
  package static func exists(_ path: String) -> Bool { kind(of: path) != nil }
  /// Whether there is a folder.
  package static func isFolder(_ path: String) -> Bool { kind(of: path) == S_IFDIR }
  /// Looks at a folder anew. Over a network a machine may hold for some time that a file is not there which another has made;
  /// when a folder is opened, that is asked again.
  package static func lookAnew(_ folder: String) {
    let descriptor = Descriptor.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor >= 0 { close(descriptor) }
  }
  /// Whether this process may write to what lies there.
  package static func isWritable(_ path: String) -> Bool {
    !path.utf8.contains(0) && access(path.systemName, W_OK) == 0
  }

  /// Why no file can be written at a path, as far as its folder goes; nil where one can.
  /// - Parameter makesFolder: whether the folder will be made where it is not there.
  package static func folderProblem(of path: String, makesFolder: Bool = false) -> String? {
    let folder = PathText.folder(of: path)
    guard let kind = kind(of: folder) else {
      return makesFolder ? nil : "\(path.printable): there is no folder \(folder.printable)"
    }
    guard kind == S_IFDIR else {
      return "\(path.printable): \(folder.printable) is a file, not a folder; write elsewhere"
    }
    return isWritable(folder)
      ? nil : "\(path.printable): this process may not write to \(folder.printable); write elsewhere"
  }

  /// What a symbolic link says; nil where there is none.
  package static func destination(of link: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(link.systemName, &buffer, buffer.count)
    return count > 0 ? FileName.text(buffer[..<count].map { UInt8(bitPattern: $0) }) : nil
  }

  /// The content of a file; nil where there is none.
  /// - Throws: ``FileProblem`` where there is one and it cannot be read.
  package static func contents(_ path: String) throws -> Data? {
    try OpenFile.existing(path).map { Data(try $0.read(from: 0, count: $0.length)) }
  }

  /// The text of a small file; nil where there is none.
  /// - Throws: ``FileProblem`` where it cannot be read, or is larger than a file of facts can be.
  package static func text(of path: String) throws -> String? {
    guard let file = try OpenFile.existing(path) else { return nil }
    guard file.length <= 16 << 20 else {
      throw FileProblem(path, "has \(file.length) bytes; what arbex wrote there has at most 16 MiB")
    }
    return String(decoding: try file.read(from: 0, count: file.length), as: UTF8.self)
  }

  /// Makes a folder, and those that it lies in. Where it is there already, nothing happens.
  /// - Throws: a ``FileProblem`` that names the folder.
  package static func makeFolder(_ path: String) throws(FileProblem) {
    let code = code(making: path)
    guard code == 0 else {
      // A file is in its way.
      throw AtomicFile.problem(path, "made a folder", code == EEXIST ? ENOTDIR : code)
    }
  }

  /// 0, or the code of the call that failed.
  private static func code(making path: String) -> Int32 {
    guard mkdir(path.systemName, 0o777) != 0 else { return 0 }
    switch errno {
    case EEXIST: return isFolder(path) ? 0 : EEXIST
    case ENOENT:
      let above = PathText.folder(of: path)
      guard above != path, above != ".", above != "/" else { return ENOENT }
      let code = code(making: above)
      guard code == 0 else { return code }
      return mkdir(path.systemName, 0o777) == 0 || errno == EEXIST ? 0 : errno
    case let code: return code
    }
  }

  /// Removes a file, or a folder with all that is in it, as far as that can be done.
  package static func remove(_ path: String) {
    if kind(of: path, followingLinks: false) == S_IFDIR {
      for name in (try? FolderNames.all(in: path)) ?? [] { remove(path + "/" + name) }
      rmdir(path.systemName)
    } else {
      unlink(path.systemName)
    }
  }

  /// The folder that the process works in.
  package static var currentFolder: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return FileName.text(cString: path)
  }
}
