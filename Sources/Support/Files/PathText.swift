/// Paths as text, without asking the file system. A slash is a slash whatever accent follows it.
package enum PathText {
  /// The names between the slashes.
  package static func parts(_ path: some StringProtocol) -> [Substring] {
    Substring(path).utf8.split(separator: UInt8(ascii: "/")).map { Substring($0) }
  }

  /// Whether it starts from the root of the file system.
  package static func isAbsolute(_ path: some StringProtocol) -> Bool { path.utf8.first == UInt8(ascii: "/") }

  /// Without "." and, where something stands before it, "..".
  package static func normalized(_ path: String) -> String {
    var kept: [Substring] = []
    for part in parts(path) where part != "." {
      if part == "..", let last = kept.last, last != ".." {
        kept.removeLast()
      } else if part != ".." || !isAbsolute(path) {
        kept.append(part)
      }
    }
    let text = kept.joined(separator: "/")
    return isAbsolute(path) ? "/" + text : text.isEmpty ? "." : text
  }

  /// `path` seen from `folder`, or itself where it is absolute.
  package static func joined(_ folder: String, _ path: String) -> String {
    normalized(isAbsolute(path) || folder.isEmpty ? path : folder + "/" + path)
  }

  /// The folder that a file lies in; "." for a bare name.
  package static func folder(of path: String) -> String {
    let normal = normalized(path)
    guard let slash = normal.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == normal.utf8.startIndex ? "/" : String(normal[..<slash])
  }

  /// The last part of a path.
  package static func name(of path: String) -> String { parts(normalized(path)).last.map(String.init) ?? "" }

  /// What stands behind the last dot of a name, in lower case; "" where there is no dot.
  package static func ending(of name: some StringProtocol) -> String {
    let name = Substring(name)
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return "" }
    return Substring(name.utf8[dot...].dropFirst()).lowercased()
  }

  /// `path` seen from `folder`, where it lies below; nil where it does not.
  package static func path(_ path: String, below folder: String) -> String? {
    let start = start(in: folder)
    guard path.startsExactly(with: start) else { return nil }
    return String(Substring(path.utf8.dropFirst(start.utf8.count)))
  }

  /// How the paths of what lies in a folder begin: with the folder and a slash.
  package static func start(in folder: String) -> String {
    folder.endsExactly(with: "/") ? folder : folder + "/"
  }

  /// Seen from the root of the file system.
  package static func absolute(_ path: String) -> String { joined(FileSystem.currentFolder, path) }
}
