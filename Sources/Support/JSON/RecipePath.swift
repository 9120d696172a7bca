/// Where a value stands in a recipe: "model.corrections.anchor.perClass", "input.augment[2].degrees".
public struct RecipePath: Hashable, Sendable, CustomStringConvertible {
  /// One step down.
  public enum Step: Hashable, Sendable {
    case key(String)
    case index(Int)
  }

  /// From the top down.
  public var steps: [Step]

  /// Made from its parts.
  public init(_ keys: String...) { steps = keys.map(Step.key) }
  package init(steps: [Step]) { self.steps = steps }

  /// The path one level up; nil at the top.
  public var parent: RecipePath? { steps.isEmpty ? nil : RecipePath(steps: Array(steps.dropLast())) }

  /// The path of a member.
  public static func / (path: RecipePath, key: String) -> RecipePath {
    RecipePath(steps: path.steps + [.key(key)])
  }
  /// The path of a list's element.
  public static func / (path: RecipePath, index: Int) -> RecipePath {
    RecipePath(steps: path.steps + [.index(index)])
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
