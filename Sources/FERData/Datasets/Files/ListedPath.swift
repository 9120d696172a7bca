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
    var path = listed.contains("\\") && !listed.contains("/") ? listed.replacing("\\", with: "/") : listed
    if path.hasPrefix("/") {
      let folder = PathText.absolute(root)
      let whole = PathText.normalized(path)
      guard whole.hasPrefix(folder == "/" ? "/" : folder + "/") else {
        return .failure(Refusal("is an absolute path outside of \(folder)"))
      }
      path = String(whole.dropFirst(folder == "/" ? 1 : folder.count + 1))
    }
    let normal = PathText.normalized(path)
    guard normal != "..", !normal.hasPrefix("../") else {
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
