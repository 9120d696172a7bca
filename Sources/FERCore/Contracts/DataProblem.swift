/// Something wrong with data from outside: which file or folder, what, and what to do.
public struct DataProblem: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let message: String

  /// A problem with the file or folder at `path`; "" where it is the data as a whole.
  public init(_ path: String, _ message: String) {
    self.path = path
    self.message = message
  }

  public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
