import CProcess

#if canImport(Glibc)
  import Glibc
#endif

/// This program, or another that brings plug-ins of its own to it.
package enum Program {
  /// The version of arbex.
  package static let version = "0.1.0"
  /// The name by which it was called: "arbex".
  package static let command = PathText.name(of: CommandLine.words.first ?? "arbex")
  /// Where the running file lies, links followed; empty where the system does not tell.
  package static var path: String {
    FileSystem.destination(of: "/proc/self/exe")
      ?? arbex_program().map { PathText.absolute(FileName.text(cString: $0)) } ?? ""
  }

  /// Replaces this process by the same program with the same words. Returns where the system refuses.
  package static func restart() {
    // By the first also where the file has been replaced meanwhile, by the second where there is no /proc.
    for path in ["/proc/self/exe", path] { execv(path.systemName, arbex_arguments()) }
  }
}

extension CommandLine {
  /// The arguments as names: `CommandLine.arguments` repairs what is not UTF-8, and the file is no longer found; and has none
  /// where there is no /proc.
  package static var words: [String] {
    (0..<Int(arbex_argument_count())).compactMap { arbex_arguments()?[$0] }.map { FileName.text(cString: $0) }
  }
}
