import FERCore
import FERTools
import FERTraining
import Foundation
import Support

// Starts of one's own.
extension Verb {
  static let newRecipe = Verb(
    "new recipe", "writes a recipe to start from, with every part where one would change it",
    arguments: [Argument("NAME", "of the recipe, and of its file NAME.json5")],
    flags: [
      Flag(
        "--data", value: "DIR", "images to train on: their layout and classes are found out; else drawn faces"
      ),
      Flag("--size", value: "PIXELS", "the side of the model's input; 64 where not given"),
      Flag("--out", value: "FILE", "where to, instead of NAME.json5"), .overwrite,
    ],
    notes: """
      The model is small enough to be trained from nothing on two cores. Published systems are recipes to be extended:

          { extends: "Recipes/arbex.json5", data: { train: { root: "faces" } } }

      `recipe list` tells them.
      """
  ) { call in
    let name = call.words[0]
    guard !name.isEmpty, RecipeHeader.isName(name) else {
      throw UsageProblem(
        "\(JSONValue.quoted(name)) cannot be a recipe's name, which names a folder; use letters, digits, -, _ and .",
        verb: "new recipe")
    }
    let size = try call.wholeNumber("--size", atLeast: 32, atMost: 512) ?? 64
    let file = call.value("--out") ?? name + ".json5"
    try call.requireOwn([OwnFile(.recipe, file)])
    var check: DataCheck?
    if let folder = call.value("--data") {
      check = DataCheck(
        try DataSubject(folder: folder, registry: call.registry), registry: call.registry, console: Console())
    }
    try AtomicFile.write(RecipeStart(name, dataLines: check?.recipeLines, size: size).text, to: file)
    try call.output.print("\(file.printable)\n\ntry it: \(Program.command) train \(file.printable) --smoke")
    let findings = (check?.findings ?? []).filter { $0.weight != .note }
    if let folder = call.value("--data"), !findings.isEmpty {
      call.output.remark(
        "the images have \(findings.count) thing\(findings.count == 1 ? "" : "s") to look at: \(Program.command) data check "
          + folder.printable)
    }
    return 0
  }

  static let newPlugin = Verb(
    "new plugin", "writes a package of one's own components that builds, is tested, and trains",
    arguments: [
      Argument("NAME", "of the package, its program and its components: small letters, digits and hyphens")
    ],
    flags: [
      Flag(
        "--kind", value: "KIND",
        "a component to begin with: " + PluginStart.Kind.allCases.map(\.rawValue).joined(separator: ", ")
          + "; correction where not given", isRepeatable: true),
      Flag("--out", value: "DIR", "where to, instead of a folder NAME"),
      Flag(
        "--arbex", value: "DIR",
        "arbex's source folder; that which this program was built in, where not given"),
    ],
    notes: """
      The program of the package can do all that arbex can, and knows its components too. Nothing of arbex is changed.
      """
  ) { call in
    let name = call.words[0]
    guard PluginStart.isName(name) else {
      throw UsageProblem(
        "\(JSONValue.quoted(name)) cannot be a package's name; use small letters, digits and single hyphens, as in \"my-term\"",
        verb: "new plugin")
    }
    let kinds = try kinds(call)
    let taken = kinds.filter { kind in
      call.registry.summaries.contains { $0.place == "\(kind.registry)/\(name)" }
    }
    guard taken.isEmpty else {
      let places = taken.map { "\($0.registry)/\(name)" }.joined(separator: ", ")
      throw UsageProblem("\(places) is there already; choose another name", verb: "new plugin")
    }
    let folder = call.value("--out") ?? name
    guard RunPlace(at: folder) == .free else {
      throw RunProblem.request("\(folder.printable): is there already; choose another folder with --out")
    }
    let start = PluginStart(name, kinds: kinds, framework: try framework(call))
    for file in start.files {
      let path = folder + "/" + file.path
      try FileSystem.makeFolder(PathText.folder(of: path))
      try AtomicFile.write(file.text, to: path)
    }
    try call.output.print(
      start.files.map { (folder + "/" + $0.path).printable }.joined(separator: "\n") + """


        try it:
          cd \(folder.printable)
          swift build -c release
          .build/release/\(name) plugins check \(name)
          .build/release/\(name) train Recipes/\(name).json5
        """)
    return 0
  }

  private static func kinds(_ call: Invocation) throws -> [PluginStart.Kind] {
    let known = PluginStart.Kind.allCases.map(\.rawValue)
    let kinds = try call.values("--kind").map { word in
      guard let kind = PluginStart.Kind(rawValue: word) else {
        throw UsageProblem(
          "no start of the kind \(JSONValue.quoted(word))" + NearestName.suggestion(for: word, among: known)
            + "; there are " + known.joined(separator: ", "), verb: "new plugin")
      }
      return kind
    }
    return kinds.isEmpty ? [.correction] : kinds
  }

  /// The folder of arbex's package, from the root of the file system.
  private static func framework(_ call: Invocation) throws -> String {
    let isFramework = { (folder: String) in
      FileSystem.exists(folder + "/Package.swift") && FileSystem.isFolder(folder + "/Sources/ARBEx")
    }
    if let given = call.value("--arbex") {
      guard isFramework(given) else {
        throw RunProblem.request(
          "\(given.printable): is not arbex's source folder; it holds Package.swift and Sources/ARBEx")
      }
      return PathText.absolute(given)
    }
    // .build/TRIPLE/release/arbex
    let folders = ["../../..", "../.."].map {
      PathText.absolute(PathText.joined(PathText.folder(of: Program.path), $0))
    }
    guard let found = folders.first(where: isFramework) else {
      throw RunProblem.request(
        "an installed program does not know arbex's source folder, which the package needs; name it with --arbex DIR"
      )
    }
    return found
  }
}
