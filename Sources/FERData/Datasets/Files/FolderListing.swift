import FERCore
import Foundation
import Support

/// What folders hold, in an order that no file system and no language setting can change: by the bytes of the
/// names. Hidden files and folders are passed over, and what systems and programs leave beside images
/// (``isSystemName(_:)``).
public enum FolderListing {
  /// The names of the folders in a folder, without hidden ones and without links that lead back.
  /// - Throws: a ``DataProblem`` where it cannot be opened.
  public static func folders(in folder: String) throws(DataProblem) -> [String] {
    let names = try entries(in: folder).filter { isFolder("\(folder)/\($0)") }
    let above = FolderIdentity.all(above: folder)
    return names.filter { !FolderIdentity.leadsBack("\(folder)/\($0)", to: above) }
  }

  /// The links in a folder that lead back to it, or to a folder that it lies in.
  package static func loops(in folder: String) -> [String] {
    let above = FolderIdentity.all(above: folder)
    return ((try? entries(in: folder)) ?? []).filter {
      FolderIdentity.leadsBack("\(folder)/\($0)", to: above)
    }
  }

  /// The files in a folder and all folders below it, as paths below that folder; links that lead back are passed over.
  /// - Parameter endings: "png" and the like, in capitals or not; a list without entries takes every file.
  /// - Throws: a ``DataProblem`` where a folder cannot be opened.
  public static func files(in folder: String, endings: [String]) throws(DataProblem) -> [String] {
    let contents = try FolderContents(of: folder, endings: endings, byContent: false)
    if let problem = contents.unreadable.first { throw problem }
    return contents.images
  }

  /// Whether there is a folder of that name.
  public static func isFolder(_ path: String, followingLinks: Bool = true) -> Bool {
    FileSystem.kind(of: path, followingLinks: followingLinks) == S_IFDIR
  }

  /// Whether there is an ordinary file of that name.
  public static func isFile(_ path: String) -> Bool { FileSystem.kind(of: path) == S_IFREG }

  /// The names in a folder, without hidden ones and those of systems.
  /// - Throws: a ``DataProblem`` where it cannot be opened.
  public static func entries(in folder: String) throws(DataProblem) -> [String] {
    do throws(OpenFile.Failure) {
      return try FolderNames.all(in: folder).filter { !isSystemName($0) }
    } catch {
      throw DataProblem(
        folder, "cannot be opened as a folder: \(error.reason)", isRequest: error.isRequest)
    }
  }

  /// Whether a name is hidden, or one of those that Windows, macOS, network drives and Python leave among images.
  package static func isSystemName(_ name: String) -> Bool {
    name.utf8.first == UInt8(ascii: ".") || systemNames.contains(name.lowercased())
  }

  private static let systemNames: Set<String> = [
    "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "#recycle", "$recycle.bin",
    "system volume information", "lost+found", "__pycache__",
  ]
}

/// Which folder it is, whatever path leads there.
struct FolderIdentity: Hashable {
  private let device: UInt64
  private let number: UInt64

  /// Nil where there is no folder.
  init?(_ path: String) {
    guard let status = FileSystem.status(of: path), status.st_mode & S_IFMT == S_IFDIR else { return nil }
    (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
  }

  /// A folder and all that it lies in.
  static func all(above folder: String) -> Set<FolderIdentity> {
    var (found, path) = (Set<FolderIdentity>(), folder)
    while let identity = FolderIdentity(path), found.insert(identity).inserted { path += "/.." }
    return found
  }

  /// Whether something is a link to one of these folders.
  static func leadsBack(_ path: String, to folders: Set<FolderIdentity>) -> Bool {
    FileSystem.kind(of: path, followingLinks: false) == S_IFLNK
      && FolderIdentity(path).map(folders.contains) == true
  }
}
