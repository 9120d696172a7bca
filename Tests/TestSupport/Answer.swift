import ARBEx
import Foundation
import Testing

/// What a command line told, inside this process, and the exit code it ended with.
package struct Answer {
  package let code: Int32
  /// What was printed on standard output, and told on standard error, piece by piece.
  package let printed, remarked: [String]
  /// The same as text.
  package var output: String { printed.map { $0 + "\n" }.joined() }
  package var remarks: String { remarked.map { $0 + "\n" }.joined() }

  package init(_ arguments: [String], plugins: [any Plugin.Type] = []) {
    let (printed, remarked) = (Pieces(), Pieces())
    let output = CommandOutput(print: printed.add, remark: remarked.add)
    let run = { CommandLineTool.run(arguments, plugins: plugins, output: output) }
    code = arguments.first == "bench" ? withThreadCountToItself(run) : run()
    (self.printed, self.remarked) = (printed.all, remarked.all)
  }

  /// The object that `--json` prints.
  package func json() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
  }

  /// A loader's threads may tell something, too.
  private final class Pieces: @unchecked Sendable {
    private let lock = NSLock()
    private var pieces: [String] = []
    func add(_ piece: String) { lock.withLock { pieces.append(piece) } }
    var all: [String] { lock.withLock { pieces } }
  }
}

/// Runs `arbex`.
package func arbex(_ arguments: String...) -> Answer { Answer(arguments) }
