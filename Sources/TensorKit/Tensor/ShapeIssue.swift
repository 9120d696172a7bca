/// A programmer's slip: shapes that an operation cannot combine. One line, which names the operation, what it was given
/// and what it takes.
struct ShapeIssue: Equatable, CustomStringConvertible {
  let description: String

  init(_ operation: String, _ found: String, _ expected: String) {
    description = "\(operation): \(found) does not fit \(expected)"
  }
}

/// Ends the process where `condition` does not hold, with a ``ShapeIssue`` on standard error, in release builds too.
func require(
  _ condition: Bool, _ operation: @autoclosure () -> String, _ found: @autoclosure () -> String,
  _ expected: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !condition {
    fatalError(ShapeIssue(operation(), found(), expected()).description, file: file, line: line)
  }
}

/// Ends the process with the issue on standard error, if there is one, in release builds too.
func require(_ issue: ShapeIssue?, file: StaticString = #fileID, line: UInt = #line) {
  if let issue { fatalError(issue.description, file: file, line: line) }
}
