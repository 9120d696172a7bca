import FERCore
import Foundation

/// What folders hold, in an order that no file system and no language setting can change: by the bytes of the
/// names.
enum FolderListing {
  /// Links could lead round in a circle; nobody sorts faces this deep.
  private static let deepest = 16

  /// The names of the folders in a folder, without hidden ones.
  static func folders(in folder: String) throws(DataProblem) -> [String] {
    try entries(in: folder).filter { kind(of: "\(folder)/\($0)") == S_IFDIR }
  }

  /// The files with one of the endings in a folder and all folders below it, as paths below that folder.
  static func files(in folder: String, endings: [String], depth: Int = 0) throws(DataProblem) -> [String] {
    guard depth < deepest else {
      throw DataProblem(folder, "lies \(deepest) folders deep, or a link leads in a circle")
    }
    let wanted = Set(endings.map { $0.lowercased().drop { $0 == "." } })
    var files: [String] = []
    for name in try entries(in: folder) {
      let ending = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
      if !wanted.isEmpty && wanted.contains(Substring(ending)) {
        // A folder may be called "a.png".
        if kind(of: "\(folder)/\(name)") != S_IFDIR { files.append(name) }
      } else if kind(of: "\(folder)/\(name)") == S_IFDIR {
        files += try Self.files(in: "\(folder)/\(name)", endings: endings, depth: depth + 1).map {
          "\(name)/\($0)"
        }
      } else if wanted.isEmpty {
        files.append(name)
      }
    }
    return files
  }

  /// Whether there is a folder of that name.
  static func isFolder(_ path: String) -> Bool { kind(of: path) == S_IFDIR }

  /// Whether there is an ordinary file of that name.
  static func isFile(_ path: String) -> Bool { kind(of: path) == S_IFREG }

  /// The names in a folder, without hidden ones.
  static func entries(in folder: String) throws(DataProblem) -> [String] {
    guard let stream = opendir(folder) else {
      throw DataProblem(folder, "cannot be opened as a folder: \(FileBytes.reason(errno))")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      let isHidden = name.hasPrefix(".") || ["thumbs.db", "desktop.ini"].contains(name.lowercased())
      if !isHidden { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func kind(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }
}
