import FERCore
import NeuralKit
import Support

/// A dataset that knows its layout when it sees it.
public protocol RecognisableLayout: Dataset {
  /// Looks at names and first lines below a folder (or at a file, where the layout is one), never at all images.
  /// - Returns: what a recipe has to say to use it; nil where it is another layout.
  static func recognise(_ root: String) -> RecognisedLayout?
}

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
    public let key: String
    public let value: JSONValue

    /// An option with its value.
    public init(_ key: String, _ value: JSONValue) { (self.key, self.value) = (key, value) }

    /// The folder or file that was looked at, from the root of the file system.
    static func root(_ path: String) -> Setting { Setting("root", .string(PathText.absolute(path))) }
  }

  /// The dataset's name in recipes: "raf-db".
  public let dataset: String
  /// The classes found, in the dataset's order.
  public let classes: [String]
  /// The sets found, train first.
  public let parts: [Part]
  /// What a person should know before using it; "" where there is nothing.
  public let remark: String

  /// A layout whose parts are complete; plug-ins may recognise their own.
  public init(_ dataset: String, classes: [String], remark: String = "", parts: [Part]) {
    (self.dataset, self.classes, self.remark) = (dataset, classes, remark)
    self.parts = parts
  }

  /// The lines of a recipe, in JSON5: `classes` and `data`.
  public var recipeLines: String {
    let sets = parts.map { part in
      let options = part.options.map { ", \($0.key): \($0.value.oneLine)" }.joined()
      return "  \(part.key): { use: \(JSONValue.quoted(dataset))\(options) },\n"
    }
    return
      "classes: \(JSONValue.array(classes.map(JSONValue.string)).oneLine),\ndata: {\n\(sets.joined())},\n"
  }
}

/// Every layout that arbex can tell by sight.
public enum DatasetLayouts {
  /// The most particular first: RAF-DB's folders of images would also pass for something simpler.
  static let all: [any RecognisableLayout.Type] = [
    RAFDB.self, AffWild2.self, FERPlus.self, FER2013.self, JAFFE.self, FERGDB.self, AffectNet.self,
    Manifest.self,
    ClassFolders.self,
  ]

  /// Asks all of them.
  /// - Returns: those that fit, the most particular first; none where nothing is recognised.
  public static func recognise(_ path: String) -> [RecognisedLayout] { all.compactMap { $0.recognise(path) } }
}
