import Support

/// Why a run, an evaluation or a prediction cannot go on.
package struct RunProblem: AttributedError, Equatable, Sendable, CustomStringConvertible {
  /// Whether the request was wrong (exit code 2) rather than the work failed (exit code 1).
  package let isRequest: Bool
  /// What, where, and what to do.
  package let description: String

  /// The request was wrong.
  package static func request(_ text: String) -> RunProblem { RunProblem(isRequest: true, description: text) }
  /// The work failed.
  package static func failure(_ text: String) -> RunProblem {
    RunProblem(isRequest: false, description: text)
  }
}
