/// Something wrong with a file from outside: which one, what, and what to do.
public struct FileProblem: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// The sentence that follows the path.
  public let message: String

  /// A problem with the file at `path`.
  public init(_ path: String, _ message: String) {
    self.path = path
    self.message = message
  }

  /// The path and the sentence.
  public var description: String { "\(path.printable): \(message)" }
}
