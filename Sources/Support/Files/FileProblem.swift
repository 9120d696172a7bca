/// Something wrong with a file from outside: which one, what, and what to do.
public struct FileProblem: AttributedError, Equatable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// The sentence that follows the path.
  public let message: String
  /// Whether another file would do (exit code 2), rather than that the machine failed (exit code 1).
  public let isRequest: Bool

  /// A problem with the file at `path`.
  public init(_ path: String, _ message: String, isRequest: Bool = true) {
    self.path = path
    self.message = message
    self.isRequest = isRequest
  }

  /// The path and the sentence.
  public var description: String { "\(path.printable): \(message)" }
}
