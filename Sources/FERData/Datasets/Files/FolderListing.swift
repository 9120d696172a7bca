import FERCore
import Foundation
import Support

/// What folders hold, in an order that no file system and no language setting can change: by the bytes of the
/// names.
public enum FolderListing {
  /// Links could lead round in a circle; nobody sorts faces this deep.
  private static let deepest = 16

  /// The names of the folders in a folder, without hidden ones.
  /// - Throws: a ``DataProblem`` where it cannot be opened.
  public static func folders(in folder: String) throws(DataProblem) -> [String] {
    try entries(in: folder).filter { kind(of: "\(folder)/\($0)") == S_IFDIR }
  }

  /// The files in a folder and all folders below it, as paths below that folder.
  /// - Parameter endings: "png" and the like, in capitals or not; a list without entries takes every file.
  /// - Throws: a ``DataProblem`` where one cannot be opened, or a link leads in a circle.
  public static func files(in folder: String, endings: [String]) throws(DataProblem) -> [String] {
    try files(in: folder, endings: endings, depth: 0)
  }

  private static func files(in folder: String, endings: [String], depth: Int) throws(DataProblem) -> [String]
  {
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
  public static func isFolder(_ path: String, followingLinks: Bool = true) -> Bool {
    kind(of: path, followingLinks: followingLinks) == S_IFDIR
  }

  /// Whether there is an ordinary file of that name.
  public static func isFile(_ path: String) -> Bool { kind(of: path) == S_IFREG }

  /// The names in a folder, without hidden ones.
  /// - Throws: a ``DataProblem`` where it cannot be opened.
  public static func entries(in folder: String) throws(DataProblem) -> [String] {
    do throws(OpenFile.Failure) {
      return try FolderNames.all(in: folder).filter {
        !$0.hasPrefix(".") && !["thumbs.db", "desktop.ini"].contains($0.lowercased())
      }
    } catch {
      throw DataProblem(
        folder, "cannot be opened as a folder: \(error.reason)", isRequest: error.isRequest)
    }
  }

  private static func kind(of path: String, followingLinks: Bool = true) -> mode_t? {
    var status = stat()
    let outcome = followingLinks ? stat(path, &status) : lstat(path, &status)
    return outcome == 0 ? status.st_mode & S_IFMT : nil
  }
}
