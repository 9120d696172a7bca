import Support

/// Something wrong in a recipe: where it stands, and the sentence that follows its path.
public struct RecipeIssue: Error, Equatable, Sendable {
  /// Where the value stands.
  public var path: JSONPath
  /// What was found and what is allowed: `must be at least 1, is 0`.
  public var message: String
  /// What exists, for a line of its own below the sentence: `known: anchor, attentive`.
  public var note: String?

  /// An objection to the value at `path`.
  public init(_ path: JSONPath, _ message: String, note: String? = nil) {
    self.path = path
    self.message = message
    self.note = note
  }

  /// What the component at `path` objects to.
  init(_ issue: BuildIssue, of path: JSONPath) {
    self.init(issue.key.isEmpty ? path : path / issue.key, issue.message)
  }
}
