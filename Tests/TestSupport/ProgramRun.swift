import FERTools
import Foundation
import Support

/// The built program within a script of the shell: for what only a process has, its streams, signals and exit code.
package enum ProgramRun {
  /// Runs a script, in which `$arbex` is the program and the folder is the current one.
  /// - Throws: where the program was not built.
  package static func shell(_ script: String, in folder: TestFolder) throws -> ChildProcess {
    var environment = ProcessInfo.processInfo.environment
    environment["arbex"] = try path
    return try ChildProcess.run(
      "/bin/sh", ["-c", "cd '\(folder.path)' || exit 99\n" + script], environment: environment,
      in: folder.path)
  }

  /// The program lies beside the tests.
  /// - Throws: where it was not built.
  package static var path: String {
    get throws {
      let candidates = ([Program.path] + CommandLine.words).map { PathText.folder(of: $0) + "/arbex" }
      guard let found = candidates.first(where: FileManager.default.isExecutableFile) else {
        throw FileProblem(candidates[0], "is not there; build it with `swift build --product arbex`")
      }
      return found
    }
  }
}
