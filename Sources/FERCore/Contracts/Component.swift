import NeuralKit

/// Why a component cannot be built in its place: under which of its options (or "" for the component as a
/// whole), and the sentence, in words and numbers.
public struct BuildIssue: Error, Equatable, CustomStringConvertible {
  /// The option that would have to change; empty for the component itself.
  public let key: String
  /// The sentence that follows the component's key path.
  public let message: String

  /// An objection to the option `key`, or to the component as a whole.
  public init(_ key: String = "", _ message: String) {
    self.key = key
    self.message = message
  }

  /// The sentence, after the option's key where there is one.
  public var description: String { key.isEmpty ? message : "\(key) \(message)" }
}

/// A component with a place in the model: backbone, landmarks, encoder, head, correction, loss.
///
/// Sizes are not options: a part takes them from `context` (the levels of the pyramids before it, the embedding
/// size, the classes), so that any backbone fits any encoder. `init` must not read data and need not fill
/// parameters: they are filled after the whole recipe has been checked.
public protocol ModelPart: SendableMetatype {
  /// What a recipe can set, with the values that hold where it sets nothing.
  associatedtype Options: ComponentOptions
  /// The kind of part as the registry hands it out, such as `any Backbone`; each kind's protocol says it.
  associatedtype Kind
  /// The evidence that every pass of a part with these options delivers, training or not. Keys belong to the
  /// plug-in that provides them.
  static func provides(_ options: Options) -> [EvidenceKey]
  /// The evidence it cannot do without: of stages before it; for a loss, of any stage. Checked when a recipe is read.
  static func requires(_ options: Options) -> [EvidenceKey]
  /// Builds the part, asking `context.scope` for its parameters.
  /// - Throws: ``BuildIssue`` where it cannot fit what comes before it.
  init(_ options: Options, in context: inout BuildContext) throws
}
extension ModelPart {
  /// Delivers no evidence.
  public static func provides(_ options: Options) -> [EvidenceKey] { [] }
  /// Needs no evidence.
  public static func requires(_ options: Options) -> [EvidenceKey] { [] }
}
