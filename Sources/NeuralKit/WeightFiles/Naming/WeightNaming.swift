/// How the names in a weight file become the names of a model.
///
/// A plug-in registers one for every published kind of file that its components can start from.
public struct WeightNaming: Sendable {
  /// A place of a whole model, and the component that published files have there.
  public struct Part: Sendable, Equatable {
    /// The path of its parameters: "backbone", "corrections.anchor".
    public let place: String
    /// The component's registered name; "" where there is none.
    public let component: String
    /// What its keys begin with in the file, where they are those of the component's own published files.
    public let prefix: String

    /// A part of a model.
    public init(_ place: String, _ component: String, prefix: String = "") {
      (self.place, self.component, self.prefix) = (place, component, prefix)
    }
  }

  /// An order in which published files have their classes.
  public struct Order: Sendable, Equatable {
    /// The word for it on the command line: "raf-db".
    public let word: String
    /// The classes.
    public let classes: [String]

    /// An order of classes.
    public init(_ word: String, _ classes: [String]) { (self.word, self.classes) = (word, classes) }
  }

  /// What such files are called in messages: "POSTER++ checkpoint".
  public let name: String
  /// The word for it on the command line; "" where nobody can ask for it.
  public var word = ""
  /// The registered name of the component whose own names come out; "" where a model's names come out.
  public var component = ""
  /// The parts of a model of such files, the first ones first; empty for a component's file.
  public var parts: [Part] = []
  /// Beginnings of names that such files have and a model need not have.
  public var optional: [String] = []
  /// Keys, as they stand in the file but for a wrapper's prefix, that every such file has: one without them is of another
  /// kind, though its other names be the same. For whole models.
  public var marks: [String] = []
  /// The orders of classes that are known of such files.
  public var orders: [Order] = []
  /// The model's name of an array with one value for each class; "" where such files have none.
  public var classArray = ""
  /// The side of the images, in pixels, and the size of the embedding that a component's file was made for.
  public var inputSize = 224, embedding = 768
  /// The name for a key of the file; nil where no model has a use for it.
  public let modelName: @Sendable (String) -> String?
  /// The key for a model's name, for the way back; nil where there is no such way.
  public var fileName: (@Sendable (String) -> String)?

  /// A naming of whole models; `modelName` gives nil for keys to leave out.
  public init(_ name: String, modelName: @escaping @Sendable (String) -> String?) {
    self.name = name
    self.modelName = modelName
  }

  /// A naming of one component's published files.
  public init(
    _ name: String, word: String, component: String, optional: [String] = [],
    modelName: @escaping @Sendable (String) -> String?
  ) {
    self.init(name, modelName: modelName)
    (self.word, self.component, self.optional) = (word, component, optional)
  }

  /// The file uses the model's own names.
  package static let own = WeightNaming("model file") { $0.withoutWrapper }

  /// A checkpoint's own names, without what belongs to optimiser and average.
  package static let checkpoint = WeightNaming("checkpoint") { name in
    name.hasPrefix("optimizer/") || name.hasPrefix("average/") ? nil : name
  }

  /// The file holds one component under bare names.
  package static func bare(_ component: String) -> WeightNaming {
    WeightNaming("\(component) file") { "\(component).\($0.withoutWrapper)" }
  }

  /// The same for one part of a model, the rest left aside.
  package func limited(to place: String) -> WeightNaming {
    var result = WeightNaming(name) { [modelName] key in
      modelName(key).flatMap { $0.hasPrefix(place + ".") ? $0 : nil }
    }
    (result.word, result.optional, result.orders) = (word, optional, orders)
    return result
  }

  /// Whether a model may do without this name though such a file has it.
  func isOptional(_ name: String) -> Bool { optional.contains { name.hasPrefix($0) } }

  /// Every way in which a file may name the parts of one model: the model's own names, bare names of each part, and
  /// what is registered, brought to the places that the parts have in this model.
  /// - Parameter keys: the names in the file, by which it is decided how a whole model's file names its parts.
  package static func candidates(
    _ registered: [WeightNaming], for parts: [Part], keys: [String]
  ) -> [WeightNaming] {
    let components = registered.filter { !$0.component.isEmpty }
    let placed = parts.flatMap { part in
      components.filter { $0.component == part.component }.map { $0.placed(at: part.place) }
    }
    let bare = Set(keys.map(\.withoutWrapper))
    let whole = registered.filter { $0.component.isEmpty && bare.isSuperset(of: $0.marks) }
      .map { $0.resolved(components, for: parts, keys: keys) }
    // Registered namings first: they know what a file holds for nobody.
    return whole + placed + [.checkpoint, .own] + parts.map { .bare($0.place) }
  }

  /// A component's naming for a model that has the component in this place.
  private func placed(at place: String) -> WeightNaming {
    var result = WeightNaming(name) { [modelName] in modelName($0.withoutWrapper).map { "\(place).\($0)" } }
    (result.word, result.optional) = (word, optional.map { "\(place).\($0)" })
    result.classArray = classArray.isEmpty ? "" : "\(place).\(classArray)"
    return result
  }

  /// A whole model's naming in which every part that has a prefix is named as the component's own files.
  private func resolved(_ components: [WeightNaming], for parts: [Part], keys: [String]) -> WeightNaming {
    var ways: [(prefix: String, naming: WeightNaming)] = []
    for part in self.parts where !part.prefix.isEmpty {
      guard let actual = parts.first(where: { $0.place == part.place }) else { continue }
      let inner = keys.filter { $0.hasPrefix(part.prefix) }.map { String($0.dropFirst(part.prefix.count)) }
      let known = components.filter { $0.component == actual.component }
      // The first of those that know most of the keys; what it calls optional counts as known.
      let hits = known.map { naming in inner.count { naming.modelName($0) != nil } }
      guard let most = hits.max(), let choice = hits.firstIndex(of: most) else { continue }
      ways.append((part.prefix, known[choice].placed(at: part.place)))
    }
    guard !ways.isEmpty else { return self }
    var result = WeightNaming(name) { [modelName, ways] key in
      let bare = key.withoutWrapper
      guard let way = ways.first(where: { bare.hasPrefix($0.prefix) }) else { return modelName(bare) }
      return way.naming.modelName(String(bare.dropFirst(way.prefix.count)))
    }
    (result.word, result.parts, result.orders, result.fileName) = (word, self.parts, orders, fileName)
    result.classArray = classArray
    result.optional = optional + ways.flatMap(\.naming.optional)
    return result
  }
}

extension WeightNaming {
  /// The words of a key between its points.
  public static func steps(of key: String) -> [String] {
    key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }
}
