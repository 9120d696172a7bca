import Support

/// Something wrong with data from outside: which file or folder, what, and what to do.
public struct DataProblem: Error, Equatable, CustomStringConvertible {
  /// The file or folder; "" for the data as a whole.
  public let path: String
  /// What is wrong, and what to do: the sentence that follows the path.
  public let message: String

  /// A problem with the file or folder at `path`; "" where it is the data as a whole.
  public init(_ path: String, _ message: String) {
    self.path = path
    self.message = message
  }

  /// The path and the sentence.
  public var description: String { path.isEmpty ? message : "\(path.printable): \(message)" }
}
