import Foundation

/// Paths as text, without asking the file system.
package enum PathText {
  /// Without "." and, where something stands before it, "..".
  package static func normalized(_ path: String) -> String {
    var kept: [Substring] = []
    for part in path.split(separator: "/", omittingEmptySubsequences: true) where part != "." {
      if part == "..", let last = kept.last, last != ".." {
        kept.removeLast()
      } else if part != ".." || !path.hasPrefix("/") {
        kept.append(part)
      }
    }
    let text = kept.joined(separator: "/")
    return path.hasPrefix("/") ? "/" + text : text.isEmpty ? "." : text
  }

  /// `path` seen from `folder`, or itself where it is absolute.
  package static func joined(_ folder: String, _ path: String) -> String {
    normalized(path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path)
  }

  /// The folder that a file lies in; "." for a bare name.
  package static func folder(of path: String) -> String {
    let normal = normalized(path)
    guard let slash = normal.lastIndex(of: "/") else { return "." }
    return slash == normal.startIndex ? "/" : String(normal[..<slash])
  }

  /// The last part of a path.
  package static func name(of path: String) -> String {
    normalized(path).split(separator: "/").last.map(String.init) ?? ""
  }

  /// Seen from the root of the file system.
  package static func absolute(_ path: String) -> String {
    joined(FileManager.default.currentDirectoryPath, path)
  }
}
