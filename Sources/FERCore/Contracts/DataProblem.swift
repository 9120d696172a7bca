import Support

/// Something wrong with data from outside: which file or folder, what, and what to do.
public struct DataProblem: AttributedError, Equatable, CustomStringConvertible {
  /// The file or folder; "" for the data as a whole.
  public let path: String
  /// What is wrong, and what to do: the sentence that follows the path.
  public let message: String
  /// Whether other data would do (exit code 2), rather than that the machine or a component failed (exit code 1): a disk that
  /// cannot be read says nothing about the image on it.
  public let isRequest: Bool
  /// The component that did it, where the data are not to blame: `view plan "regions"`; else "". No policy for bad images
  /// passes over it.
  package let component: String

  /// A problem with the file or folder at `path`; "" where it is the data as a whole.
  public init(_ path: String, _ message: String, isRequest: Bool = true) {
    (self.path, self.message, self.isRequest, component) = (path, message, isRequest, "")
  }

  /// What is wrong with a file, as reading it told.
  package init(_ problem: FileProblem) {
    self.init(problem.path, problem.message, isRequest: problem.isRequest)
  }

  /// What a component did to the file at `path`.
  package init(_ path: String, _ message: String, by component: String) {
    (self.path, self.message, self.component) = (path, message, component)
    isRequest = component.isEmpty
  }

  /// The component, the path and the sentence.
  public var description: String {
    [component, path.printable, message].filter { !$0.isEmpty }.joined(separator: ": ")
  }
}
