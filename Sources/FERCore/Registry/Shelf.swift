import NeuralKit
import Support

/// The components of one kind, by name.
public struct Shelf<Product>: Sendable {
  /// The kind in words: "correction term".
  public let kind: String
  /// The kind's name in lists: "corrections".
  public let plural: String
  private var entries: [String: Entry<Product>] = [:]

  init(kind: String, plural: String) {
    self.kind = kind
    self.plural = plural
  }

  /// The registered names in alphabetical order.
  public var names: [String] { entries.keys.sorted() }
  /// The entries in the order of ``names``.
  public var all: [Entry<Product>] { names.compactMap { entries[$0] } }
  /// What is known of each, in the order of ``names``.
  public var summaries: [ComponentSummary] { all.map(\.summary) }
  /// The entry of that name, if there is one.
  public subscript(name: String) -> Entry<Product>? { entries[name] }

  /// The entry of that name.
  /// - Throws: ``RecipeIssue`` at `path`, naming the nearest and all known names.
  public func entry(_ name: String, at path: RecipePath) throws(RecipeIssue) -> Entry<Product> {
    if let entry = entries[name] { return entry }
    throw RecipeIssue(
      path, "no \(kind) is named \(JSONValue.quoted(name))" + NearestName.suggestion(for: name, among: names),
      note: known)
  }

  /// "known: anchor, attentive"
  var known: String { "known: " + (names.isEmpty ? "none" : names.joined(separator: ", ")) }
  /// How a recipe names a component of this kind.
  var example: String { "{ use: \"\(names.first ?? "NAME")\" }" }

  /// Registers a type under a name; `build` makes one from its checked options.
  /// - Throws: ``RegistryProblem``.
  mutating func add<Options: ComponentOptions>(
    _ name: String, _ type: Any.Type, _ purpose: String, options: Options.Type,
    requires: [EvidenceKey] = [], provides: [EvidenceKey] = [], reserved: [String],
    build: @escaping @Sendable (Options, inout BuildContext) throws -> Product
  ) throws {
    let typeName = String(reflecting: type)
    guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_/".contains($0)) })
    else {
      throw RegistryProblem.badName(name, kind: kind, type: typeName)
    }
    if let owner = entries[name] {
      throw RegistryProblem.taken(name: name, kind: kind, by: owner.summary.type, refused: typeName)
    }
    func refused(_ reason: String) -> RegistryProblem {
      .badOptions(name: name, kind: kind, type: typeName, reason: reason)
    }
    guard let defaults = try? JSONValue.encoding(Options()), let members = defaults.members else {
      throw refused("its default options are not an object of finite numbers, texts and lists")
    }
    if let key = members.keys.sorted().first(where: reserved.contains) {
      throw refused("its option \"\(key)\" has a name that is reserved in recipes")
    }
    let decoder = RecipeDecoder(owner: "\"\(name)\"", reserved: reserved)
    if let issue = decoder.decode(Options.self, from: nil, at: RecipePath()).issues.first {
      throw refused("its default \(issue.path) \(issue.message)")
    }
    entries[name] = Entry(
      summary: ComponentSummary(
        name: name, kind: kind, shelf: plural, type: typeName, purpose: purpose, options: Options.described(),
        defaults: defaults, reserved: reserved, requires: requires, provides: provides),
      prepare: { given, path, folder in
        let decoder = RecipeDecoder(owner: "\"\(name)\"", reserved: reserved, folder: folder)
        let (options, issues) = decoder.decode(Options.self, from: given, at: path)
        return Prepared(
          issues: issues, effective: (try? JSONValue.encoding(options)) ?? defaults,
          build: { context in try build(options, &context) })
      })
  }
}

/// What there is to know of a component before it is built.
public struct ComponentSummary: Sendable {
  /// The name that recipes use.
  public let name: String
  /// "correction term"
  public let kind: String
  /// The shelf it stands on: "corrections".
  public let shelf: String
  /// The Swift type, with its module.
  public let type: String
  /// What it is good for, in a line; "" where nobody said.
  public let purpose: String
  /// Its options in the order of declaration.
  public let options: [OptionDescription]
  /// An object with the default of every option.
  public let defaults: JSONValue
  /// Keys that may stand beside its options in a recipe.
  public let reserved: [String]
  /// The evidence a loss cannot do without.
  public let requires: [EvidenceKey]
  /// The evidence a correction term provides.
  public let provides: [EvidenceKey]
}

/// A registered component: what is known of it, and how to make one.
public struct Entry<Product>: Sendable {
  /// What is known of it before it is built.
  public let summary: ComponentSummary
  let prepare:
    @Sendable (JSONValue?, RecipePath, @escaping @Sendable (RecipePath) -> String) -> Prepared<Product>

  /// Reads options as a recipe would give them; `given` is an object, or nil for the defaults.
  public func prepared(
    _ given: JSONValue? = nil, at path: RecipePath = RecipePath(),
    folder: @escaping @Sendable (RecipePath) -> String = { _ in "" }
  ) -> Prepared<Product> { prepare(given, path, folder) }

  /// Reads options and builds.
  /// - Throws: the first ``RecipeIssue``, or what the component's `init` throws.
  public func make(_ given: JSONValue? = nil, in context: inout BuildContext) throws -> Product {
    let prepared = prepared(given)
    if let issue = prepared.issues.first { throw issue }
    return try prepared.build(&context)
  }
}

/// A component whose options have been read.
public struct Prepared<Product>: Sendable {
  /// All that is wrong with the options; where there is something, ``build`` uses defaults in its place.
  public let issues: [RecipeIssue]
  /// Every option with its value.
  public let effective: JSONValue
  /// Makes the component in its place.
  public let build: @Sendable (inout BuildContext) throws -> Product
}
