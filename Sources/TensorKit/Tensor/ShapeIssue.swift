import Support

/// A programmer's slip: shapes that an operation cannot combine. One line, which names the operation, what it was given
/// and what it takes.
struct ShapeIssue: Equatable, CustomStringConvertible {
  let description: String

  init(_ operation: String, _ found: String, _ expected: String) {
    description = "\(operation): \(found) does not fit \(expected)"
  }
}

/// Ends the process where `condition` does not hold, with the running component and a ``ShapeIssue`` on standard error.
func require(
  _ condition: Bool, _ operation: @autoclosure () -> String, _ found: @autoclosure () -> String,
  _ expected: @autoclosure () -> String
) {
  if !condition { stop(ShapeIssue(operation(), found(), expected()).description) }
}

/// Ends the process with the running component and the issue on standard error, if there is one.
func require(_ issue: ShapeIssue?) { if let issue { stop(issue.description) } }
