import FERTraining
import Support

/// Two programs that do one benchmark in turns, so that what else the machine does falls on both.
///
/// Each measurement is a process of its own. In every second turn the other one goes first, so that neither profits
/// from what the one before it leaves: files in memory, a hot CPU.
package struct BenchmarkTurns {
  /// The programs: A, and B that is held against it.
  let before, after: String
  /// What both are told.
  let arguments: [String]
  let environment: [String: String]

  /// Made from its parts.
  package init(before: String, after: String, arguments: [String], environment: [String: String]) {
    (self.before, self.after) = (before, after)
    (self.arguments, self.environment) = (arguments, environment)
  }

  /// Measures.
  /// - Parameter count: of turns, at least 1.
  /// - Parameter tell: told the number of the turn, from 1, before it begins.
  /// - Throws: ``RunProblem`` where a program cannot be started, fails or prints something else.
  package func run(_ count: Int, tell: (Int) -> Void = { _ in }) throws -> BenchmarkComparison {
    let folder = try TemporaryFolder("turns")
    var texts = ["", ""]
    for turn in 0..<count {
      tell(turn + 1)
      for place in turn.isMultiple(of: 2) ? [0, 1] : [1, 0] {
        texts[place] += try measured(by: [before, after][place], in: folder.path)
      }
    }
    return try BenchmarkComparison(
      BenchmarkFile(texts[0], called: before), BenchmarkFile(texts[1], called: after))
  }

  private func measured(by program: String, in folder: String) throws -> String {
    let child = try ChildProcess.run(program, arguments, environment: environment, in: folder)
    guard child.code == 0 else {
      let words = ([program] + arguments).map(\.printable).joined(separator: " ")
      let text = "\(words) ended with \(child.code): \(child.remarks.trimmedEnd)"
      throw child.code == 2 ? RunProblem.request(text) : .failure(text)
    }
    return child.output.trimmedEnd + "\n"
  }
}
