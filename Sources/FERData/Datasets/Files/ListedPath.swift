import FERCore
import Foundation
import Support

/// Paths that stand in list files. Whoever wrote the list may not reach beyond the dataset's folder.
public enum ListedPath {
  /// The path below `root`, without "." and "..".
  /// - Returns: nil with a reason where it is empty or lies elsewhere.
  public static func below(_ root: String, _ listed: String) -> Result<String, Refusal> {
    guard !listed.isEmpty else { return .failure(Refusal("names no file")) }
    guard !listed.utf8.contains(0) else { return .failure(Refusal("holds a zero byte")) }
    // Lists written on Windows.
    var path =
      listed.utf8.contains(0x5C) && !listed.utf8.contains(0x2F) ? listed.replacing("\\", with: "/") : listed
    if PathText.isAbsolute(path) {
      let folder = PathText.absolute(root)
      let whole = PathText.normalized(path)
      guard let below = PathText.path(whole, below: folder) else {
        return .failure(Refusal("is an absolute path outside of \(folder)"))
      }
      path = below
    }
    let normal = PathText.normalized(path)
    guard PathText.parts(normal).first != ".." else {
      return .failure(Refusal("leads out of the folder \(root)"))
    }
    guard normal != "." else { return .failure(Refusal("names no file")) }
    return .success(normal)
  }

  /// A file or folder that an option names, below `root`.
  /// - Throws: a ``DataProblem`` where it lies elsewhere.
  public static func option(_ key: String, _ named: String, below root: String) throws(DataProblem) -> String
  {
    switch below(root, named) {
    case .success(let path): return "\(root)/\(path)"
    case .failure(let refusal):
      throw DataProblem(named, "\(refusal.reason); `\(key)` names a place below root")
    }
  }

  /// Why a path is not taken, to be put after it.
  public struct Refusal: Error, Equatable {
    /// "leads out of the folder faces"
    public let reason: String
    init(_ reason: String) { self.reason = reason }
  }
}
