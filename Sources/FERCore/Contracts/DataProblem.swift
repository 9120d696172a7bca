import Support

/// Something wrong with data from outside: which file or folder, what, and what to do.
public struct DataProblem: AttributedError, Equatable, CustomStringConvertible {
  /// The file or folder; "" for the data as a whole.
  public let path: String
  /// What is wrong, and what to do: the sentence that follows the path.
  public let message: String
  /// Whether other data would do (exit code 2), rather than that the machine failed (exit code 1): a disk that
  /// cannot be read says nothing about the image on it.
  public let isRequest: Bool

  /// A problem with the file or folder at `path`; "" where it is the data as a whole.
  public init(_ path: String, _ message: String, isRequest: Bool = true) {
    self.path = path
    self.message = message
    self.isRequest = isRequest
  }

  /// The path and the sentence.
  public var description: String { path.isEmpty ? message : "\(path.printable): \(message)" }
}
