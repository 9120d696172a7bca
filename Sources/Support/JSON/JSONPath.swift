/// Where a value stands in a JSON document, such as a recipe: "model.corrections.anchor.perClass",
/// "input.augment[2].degrees".
public struct JSONPath: Hashable, Sendable, CustomStringConvertible {
  /// One step down.
  public enum Step: Hashable, Sendable {
    /// To the member of an object.
    case key(String)
    /// To the element of a list, counted from 0.
    case index(Int)
  }

  /// From the top down.
  public var steps: [Step]

  /// The path of these keys, from the top down; no keys are the top itself.
  public init(_ keys: String...) { steps = keys.map(Step.key) }
  package init(steps: [Step]) { self.steps = steps }

  /// The path one level up; nil at the top.
  public var parent: JSONPath? { steps.isEmpty ? nil : JSONPath(steps: Array(steps.dropLast())) }

  /// The path of a member.
  public static func / (path: JSONPath, key: String) -> JSONPath { JSONPath(steps: path.steps + [.key(key)]) }
  /// The path of a list's element.
  public static func / (path: JSONPath, index: Int) -> JSONPath {
    JSONPath(steps: path.steps + [.index(index)])
  }

  /// Keys joined by dots, indices in brackets.
  public var description: String {
    steps.reduce(into: "") { text, step in
      switch step {
      case .index(let index): text += "[\(index)]"
      case .key(let key):
        let isPlain = !key.isEmpty && key.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
        text += (text.isEmpty ? "" : ".") + (isPlain ? key : JSONValue.quoted(key))
      }
    }
  }
}
