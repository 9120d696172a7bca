import NeuralKit
import Support

/// The components of one kind, by name.
public struct ComponentRegistry<Kind>: Sendable {
  /// The kind in words: "correction term".
  public let kind: String
  /// The kind's name in lists: "corrections".
  public let plural: String
  /// Keys that a recipe may write beside a component's own options.
  let reserved: [String]
  private var entries: [String: Entry<Kind>] = [:]

  /// - Parameter settings: what a recipe may say of any component of the kind.
  init(kind: String, plural: String, settings: any ComponentOptions.Type = NoOptions.self) {
    (self.kind, self.plural) = (kind, plural)
    reserved = (["use"] + settings.described().map(\.key)).sorted()
  }

  /// The registered names in alphabetical order.
  public var names: [String] { entries.keys.sorted() }
  /// The entries in the order of ``names``.
  public var all: [Entry<Kind>] { names.compactMap { entries[$0] } }
  /// What is known of each, in the order of ``names``.
  public var summaries: [ComponentSummary] { all.map(\.summary) }
  /// The entry of that name, if there is one.
  public subscript(name: String) -> Entry<Kind>? { entries[name] }

  /// The entry of that name.
  /// - Throws: ``RecipeIssue`` at `path`, naming the nearest and all known names.
  public func entry(_ name: String, at path: JSONPath) throws(RecipeIssue) -> Entry<Kind> {
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
    _ name: String, _ type: Any.Type, _ purpose: String, _: Options.Type,
    requires: @escaping @Sendable (Options) -> [EvidenceKey] = { _ in [] },
    provides: @escaping @Sendable (Options) -> [EvidenceKey] = { _ in [] },
    recognise: (@Sendable (String) -> RecognisedLayout?)? = nil, scope: LossScope? = nil,
    build: @escaping @Sendable (Options, inout BuildContext) throws -> Kind?
  ) throws {
    let typeName = String(reflecting: type)
    guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_/".contains($0)) })
    else { throw RegistryProblem.badName(name, kind: kind, type: typeName) }
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
    if let key = (requires(Options()) + provides(Options())).first(where: { !$0.isWord }) {
      throw refused("its evidence \(JSONValue.quoted(key.name)) must be a word of letters, digits and \"-\"")
    }
    let decoder = RecipeDecoder(owner: "\"\(name)\"", reserved: reserved)
    if let issue = decoder.decode(Options.self, from: nil, at: JSONPath()).issues.first {
      throw refused("its default \(issue.path) \(issue.message)")
    }
    let (reserved, kindName) = (reserved, kind)
    Running.know(type, as: "\(kind) \"\(name)\"")
    entries[name] = Entry(
      summary: ComponentSummary(
        name: name, kind: kind, plural: plural, type: typeName, purpose: purpose,
        options: Options.described(), defaults: defaults, reserved: reserved, requires: requires(Options()),
        provides: provides(Options())), recognise: recognise,
      prepare: { given, path, folder, resolver in
        let decoder = RecipeDecoder(
          owner: "\"\(name)\"", reserved: reserved, folder: folder, resolver: resolver)
        let (options, issues) = decoder.decode(Options.self, from: given, at: path)
        return Prepared(
          issues: issues, effective: (try? JSONValue.encoding(options)) ?? defaults,
          requires: requires(options), provides: provides(options), scope: scope,
          build: { context in
            // A type whose `Kind` this is conforms to it.
            guard let made = try build(options, &context) else { throw BuildIssue("", "is no \(kindName)") }
            return made
          })
      })
  }
}

/// What there is to know of a component before it is built.
public struct ComponentSummary: Sendable {
  /// The name that recipes use.
  public let name: String
  /// "correction term"
  public let kind: String
  /// The kind's name in lists: "corrections".
  public let plural: String
  /// The Swift type, with its module.
  public let type: String
  /// What it is good for, in a line; "" where nobody said.
  public let purpose: String
  /// Its options in the order of declaration.
  package let options: [OptionDescription]
  /// An object with the default of every option.
  public let defaults: JSONValue
  /// Keys that may stand beside its options in a recipe.
  public let reserved: [String]
  /// The evidence that it cannot do without, with the default options.
  public let requires: [EvidenceKey]
  /// The evidence that it delivers, with the default options.
  public let provides: [EvidenceKey]
}

/// A registered component: what is known of it, and how to make one.
public struct Entry<Kind>: Sendable {
  /// What is known of it before it is built.
  public let summary: ComponentSummary
  /// How a dataset tells its layout by sight.
  let recognise: (@Sendable (String) -> RecognisedLayout?)?
  typealias Folders = @Sendable (JSONPath) -> String
  let prepare: @Sendable (JSONValue?, JSONPath, @escaping Folders, ComponentResolver?) -> Prepared<Kind>

  /// Reads options as a recipe would give them.
  /// - Parameter given: an object, or nil for the defaults.
  /// - Parameter folder: from which a relative path at that place starts.
  /// - Parameter resolver: finds components that stand inside this one.
  package func prepared(
    _ given: JSONValue? = nil, at path: JSONPath = JSONPath(),
    folder: @escaping @Sendable (JSONPath) -> String = { _ in "" }, resolver: ComponentResolver? = nil
  ) -> Prepared<Kind> { prepare(given, path, folder, resolver) }

  /// Reads options and builds.
  /// - Throws: the first ``RecipeIssue``, or what the component's `init` throws.
  package func make(
    _ given: JSONValue? = nil, in context: inout BuildContext, resolver: ComponentResolver? = nil
  ) throws -> Kind {
    let prepared = prepared(given, resolver: resolver)
    if let issue = prepared.issues.first { throw issue }
    return try prepared.build(&context)
  }

  /// The same for what takes nothing from a context.
  /// - Throws: the first ``RecipeIssue``, or what the component's `init` throws.
  package func make(_ given: JSONValue? = nil, resolver: ComponentResolver? = nil) throws -> Kind {
    var context = BuildContext(scope: ParameterScope(), classes: [], inputSize: 0)
    return try make(given, in: &context, resolver: resolver)
  }
}

/// A component whose options have been read.
public struct Prepared<Kind>: Sendable {
  /// All that is wrong with the options; where there is something, ``build`` uses defaults in its place.
  public let issues: [RecipeIssue]
  /// Every option with its value.
  public let effective: JSONValue
  /// The evidence that it cannot do without.
  public let requires: [EvidenceKey]
  /// The evidence that it delivers.
  public let provides: [EvidenceKey]
  /// What a loss is a number of.
  let scope: LossScope?
  /// Makes the component in its place.
  public let build: @Sendable (inout BuildContext) throws -> Kind
}
