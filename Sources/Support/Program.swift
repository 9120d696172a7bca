/// This program, or another that brings plug-ins of its own to it.
package enum Program {
  /// The version of arbex.
  package static let version = "0.1.0"
  /// The name by which it was called: "arbex".
  package static let command = PathText.name(of: CommandLine.words.first ?? "arbex")
  /// Where the running file lies, links followed; empty where the system does not tell.
  package static var path: String {
    FileSystem.destination(of: "/proc/self/exe") ?? ""
  }
}

extension CommandLine {
  /// The arguments as names: `CommandLine.arguments` repairs what is not UTF-8, and the file is no longer found.
  package static var words: [String] {
    (0..<Int(argc)).compactMap { unsafeArgv[$0] }.map { FileName.text(cString: $0) }
  }
}
