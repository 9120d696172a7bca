import NeuralKit
import Support

/// A layout that was found, and what a recipe has to say to use it.
public struct RecognisedLayout: Sendable, Equatable {
  /// One of a recipe's three sets.
  public struct Part: Sendable, Equatable {
    /// "train", "validation" or "test".
    public let key: String
    /// The dataset's options, beside its name, in the order to write them.
    public let options: [Setting]

    /// The part of that key.
    public init(_ key: String, _ options: [Setting]) { (self.key, self.options) = (key, options) }

    /// The options as a recipe's tree, to build the dataset with.
    public var value: JSONValue {
      .object(Dictionary(options.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }))
    }
  }

  /// An option and its value.
  public struct Setting: Sendable, Equatable {
    /// The option's key.
    public let key: String
    /// What a recipe has to say there.
    public let value: JSONValue

    /// An option with its value.
    public init(_ key: String, _ value: JSONValue) { (self.key, self.value) = (key, value) }

    /// The folder or file that was looked at, from the root of the file system.
    public static func root(_ path: String) -> Setting { Setting("root", .string(PathText.absolute(path))) }
  }

  /// The dataset's name in recipes: "raf-db".
  public let dataset: String
  /// The classes found, in the dataset's order.
  public let classes: [String]
  /// The sets found, train first.
  public let parts: [Part]
  /// What a person should know before using it; "" where there is nothing.
  public let remark: String
  /// Of two layouts that fit, the more particular is meant: 0 for a dataset's own, below for general ones, above for
  /// one that holds another's files.
  public let particularity: Int

  /// A layout whose parts are complete.
  public init(
    _ dataset: String, classes: [String], remark: String = "", particularity: Int = 0, parts: [Part]
  ) {
    (self.dataset, self.classes, self.remark) = (dataset, classes, remark)
    (self.particularity, self.parts) = (particularity, parts)
  }

  /// The lines of a recipe, in JSON5: `classes` and `data`.
  public var recipeLines: String {
    let sets = parts.map { part in
      let options = part.options.map { ", \($0.key): \($0.value.oneLine)" }.joined()
      return "  \(part.key): { use: \(JSONValue.quoted(dataset))\(options) },\n"
    }
    return "classes: \(JSONValue.texts(classes).oneLine),\ndata: {\n\(sets.joined())},\n"
  }
}

extension Registry {
  /// Asks every dataset whether it knows what lies at `path`.
  /// - Returns: the layouts that fit, the most particular first; none where nothing is recognised.
  package func recognise(_ path: String) -> [RecognisedLayout] {
    let found = datasets.all.compactMap { $0.recognise?(path) }
    return found.enumerated().sorted {
      ($1.element.particularity, $0.offset) < ($0.element.particularity, $1.offset)
    }.map(\.element)
  }
}
