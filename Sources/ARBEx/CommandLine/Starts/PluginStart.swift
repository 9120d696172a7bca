import Support

/// The first package of one's own components: it builds, its tests run, and its recipe trains.
struct PluginStart {
  /// What a component can be that is written for a start.
  enum Kind: String, CaseIterable, Sendable {
    case backbone, head, correction, loss, augmentation
  }

  /// "lower-case-words", as components and programs are called.
  let name: String
  /// Without repetition.
  let kinds: [Kind]
  /// The folder of arbex's package.
  let framework: String

  /// A package of one component of each kind.
  /// - Parameter framework: the folder of arbex's package.
  init(_ name: String, kinds: [Kind], framework: String) {
    var seen: Set<Kind> = []
    (self.name, self.framework) = (name, framework)
    self.kinds = kinds.filter { seen.insert($0).inserted }
  }

  /// Whether a package, a module and a component can be called so: small letters, digits and single hyphens.
  static func isName(_ name: String) -> Bool {
    name.wholeMatch(of: /[a-z][a-z0-9]*(-[a-z0-9]+)*/) != nil && name != "arbex"
  }

  /// "LowerCaseWords".
  private var type: String {
    name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  private var module: String { type + "Parts" }

  /// The files, each with its path from the package's folder.
  var files: [(path: String, text: String)] {
    [
      ("Package.swift", manifest), (".gitignore", ".build\nruns\n"),
      ("Sources/\(name)/main.swift", main), ("Sources/\(module)/\(type)Plugin.swift", plugin),
    ]
      + kinds.map { ("Sources/\(module)/\(type)\($0.typeSuffix).swift", component($0)) }
      + [("Tests/\(module)Tests/\(module)Tests.swift", tests), ("Recipes/\(name).json5", recipe)]
  }

  private var manifest: String {
    """
    // swift-tools-version: 6.0
    import PackageDescription

    // The components are a library, so that tests can import them; the program is its main file alone.
    let package = Package(
      name: \(JSONValue.quoted(name)),
      dependencies: [.package(name: "arbex", path: \(JSONValue.quoted(framework)))],
      targets: [
        .target(name: "\(module)", dependencies: [.product(name: "ARBEx", package: "arbex")]),
        .executableTarget(name: "\(name)", dependencies: ["\(module)"]),
        .testTarget(
          name: "\(module)Tests", dependencies: ["\(module)", .product(name: "TestSupport", package: "arbex")]),
      ],
      swiftLanguageModes: [.v6]
    )

    """
  }

  private var main: String {
    """
    import ARBEx
    import \(module)

    // Everything that arbex can do, with the components of this package.
    CommandLineTool.main(plugins: [\(type)Plugin.self])

    """
  }

  private var plugin: String {
    let lines = kinds.map {
      "    try registry.\($0.registry).register(\"\(name)\", \(type)\($0.typeSuffix).self, \"\($0.purpose)\")"
    }
    return """
      import ARBEx

      /// What this package adds. Recipes name a component by the text that stands here.
      public enum \(type)Plugin: Plugin {
        /// Tells the program of them.
        public static func register(in registry: inout Registry) throws {
      \(lines.joined(separator: "\n"))
        }
      }

      """
  }

  private func component(_ kind: Kind) -> String {
    kind.template.replacing("TYPE", with: type) + "\n"
  }

  private var tests: String {
    """
    import ARBEx
    import TestSupport
    import Testing
    import \(module)

    @Suite("\(name)")
    struct \(module)Tests {
      /// Shapes, gradients, determinism, saving and loading. That a component computes what it should is told by a test with
      /// numbers worked out by hand; write one beside this.
      @Test("every component keeps the rules of its kind")
      func rules() throws {
        #expect(ConformanceKit.problems(in: try Registry(plugins: [\(type)Plugin.self])) == [])
      }
    }

    """
  }

  private var recipe: String {
    let use = "{ use: \"\(name)\" }"
    let hasCorrections = kinds.contains(.correction)
    let loss = hasCorrections ? "nll: {}" : "\"cross-entropy\": {}"
    return """
      // A few drawn faces and a small network, which learns a little of them in seconds.
      {
        name: "\(name)",
        seed: 1,
        classes: ["neutral", "happy", "surprise"],
        data: {
          train: { use: "synthetic-faces", count: 96, identities: 24, size: 32 },
          validation: { use: "synthetic-faces", split: "validation", count: 48, identities: 12, size: 32 },
        },
        sampler: { use: "shuffled" },
        input: { size: 32, normalize: "half"\(kinds.contains(.augmentation) ? ", augment: [\(use)]" : "") },
        model: {
          backbone: \(kinds.contains(.backbone) ? use : "{ use: \"resnet18\", stem: \"small\", units: [1, 1, 1, 1], widths: [8, 16, 16, 32] }"),
          encoder: { use: "average-pool" },
          head: \(kinds.contains(.head) ? use : "{ use: \"linear\" }"),
          corrections: {\(hasCorrections ? " \"\(name)\": {} " : "")},
        },
        losses: { \(loss)\(kinds.contains(.loss) ? ", \"\(name)\": {}" : "") },
        training: { epochs: 2, batch: 16, optimizer: { use: "adam", learningRate: 1e-3 }, schedule: { use: "constant" } },
      }

      """
  }
}
