import NeuralKit

/// What every replaceable part has: typed options, and a way to be built from them.
///
/// Sizes are not options: a component takes them from `context` (the levels of the pyramids before it, the
/// embedding size, the classes), so that any backbone fits any encoder. What cannot fit is thrown as a
/// ``BuildIssue``. `init` must not read data and need not fill parameters: they are filled after the whole
/// recipe has been checked.
public protocol Component: SendableMetatype {
  /// The settings, with their defaults.
  associatedtype Options: ComponentOptions
  /// Builds the component, asking `context.scope` for its parameters.
  /// - Throws: ``BuildIssue`` where it cannot fit what comes before it.
  init(_ options: Options, in context: inout BuildContext) throws
}

/// Why a component cannot be built in its place: under which of its options (or "" for the component as a
/// whole), and the sentence, in words and numbers.
public struct BuildIssue: Error, Equatable {
  /// The option that would have to change; empty for the component itself.
  public let key: String
  /// The sentence that follows the component's key path.
  public let message: String

  /// An objection to the option `key`, or to the component as a whole.
  public init(_ key: String = "", _ message: String) {
    self.key = key
    self.message = message
  }
}
