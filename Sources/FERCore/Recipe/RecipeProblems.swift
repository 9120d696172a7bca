import Support

/// Where a value comes from.
public enum RecipeOrigin: Sendable, Hashable, CustomStringConvertible {
  /// A recipe file and the line on which the value starts; line 0 stands for the file as a whole.
  case file(String, line: Int)
  /// A `--set`.
  case commandLine
  /// Nobody gave it.
  case standard

  /// The sentence that a person reads.
  public var description: String {
    switch self {
    case .file(let path, let line): line > 0 ? "\(path):\(line)" : path
    case .commandLine: "command line"
    case .standard: "default"
    }
  }
}

/// One thing wrong with a recipe.
public struct RecipeProblem: Equatable, Sendable, CustomStringConvertible {
  /// Where the value that is wrong comes from.
  public let origin: RecipeOrigin
  /// Its place, and the sentence.
  public let issue: RecipeIssue

  /// A problem, and where it was found.
  public init(_ origin: RecipeOrigin, _ issue: RecipeIssue) {
    self.origin = origin
    self.issue = issue
  }

  /// The sentence that a person reads.
  public var description: String {
    let place = issue.path.steps.isEmpty ? "" : "\(issue.path): "
    return "\(origin): \(place)\(issue.message)" + (issue.note.map { "\n  \($0)" } ?? "")
  }
}

/// Everything that is wrong with a recipe.
public struct RecipeProblems: AttributedError, Equatable, CustomStringConvertible {
  /// In the order in which they were found.
  public let problems: [RecipeProblem]
  /// Whether another recipe would do (exit code 2); false where the machine could not read this one (exit code 1).
  public let isRequest: Bool
  /// What may lie behind them all, as a sentence; nil for nothing.
  package var hint: String?

  /// All problems, and where they were found.
  public init(_ problems: [RecipeProblem], isRequest: Bool = true) {
    self.problems = problems
    self.isRequest = isRequest
  }

  /// The sentence that a person reads.
  public var description: String {
    let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
    let lines = problems.map(\.description) + ["\(count), nothing was built"]
    return (lines + (hint.map { [$0] } ?? [])).joined(separator: "\n")
  }
}
