import FERTraining
import FERCore
import FERData
import Foundation
import NeuralKit
import TensorKit
import Support

/// Brings a weight file from elsewhere to a recipe's model: what fits, under the model's own names, with the classes
/// and the preprocessing in the header.
package struct WeightImport {
  /// What a person may decide.
  package struct Options: Sendable {
    /// The word of the naming to read the file by; nil takes the one that fits most.
    package var naming: String?
    /// The only part of the model to import; nil takes all that the file holds.
    package var part: String?
    /// The share of a part's arrays that the file must have, 0...1, for a part that it has at all.
    package var coverage = WeightFit.leastCoverage
    /// The order of the file's classes: the word of a known order, or the names with commas between them; nil where
    /// nobody said.
    package var classes: String?
    /// Whether numbers that are not finite are let through.
    package var allowsNonFinite = false

    /// The naming that fits most, every part, finite numbers only.
    package init() {}
  }

  /// The file that was read.
  package let file: WeightFile
  /// What became of its arrays.
  package let match: WeightMatch
  /// What a person should know.
  package private(set) var warnings: [String] = []

  private let recipe: Recipe
  private let model: ExpressionModel
  private let taken: [WeightMatch.Part]

  /// Reads the file.
  /// - Throws: `FileProblem` where it is damaged or too little fits, ``RunProblem`` where it belongs to something else.
  package init(_ path: String, for recipe: Recipe, _ options: Options, registry: Registry) throws {
    self.recipe = recipe
    file = try WeightFile(intact: path)
    model = try recipe.buildModel(loadingWeights: false, filling: false)
    let parameters = try Self.parameters(of: model, part: options.part)
    let naming = try Self.naming(for: file, parameters, recipe, options, registry)
    match = try file.match(parameters, by: naming)
    taken = match.parts.filter(\.isThere)
    try Self.requireCoverage(match, taken, file, options.coverage)
    if taken.contains(where: { $0.path == "head" }) {
      warnings += try Self.classWarnings(file, naming, recipe, options.classes)
    } else if options.classes != nil {
      warnings.append("--classes says nothing here: the file gives the model no head")
    }
    try file.read(match, into: parameters, allowsNonFinite: options.allowsNonFinite)
    warnings += try file.numberWarnings(of: usedKeys)
    let missing = taken.flatMap(\.missing)
    if !missing.isEmpty {
      warnings.append(
        "\(missing.count) arrays start from random numbers, the file lacks them: \(missing.listed(atMost: 4))"
      )
    }
    model.store.fill(seed: recipe.seed)
  }

  /// Writes what was taken, all parts of which the file had something, as safetensors.
  /// - Throws: ``RunProblem`` where that is the file that was read, `FileProblem` where it cannot be written.
  package func write(to path: String) throws {
    guard PathText.absolute(path) != PathText.absolute(file.path) else {
      throw RunProblem.request("\(path.printable): is the file to import; write to another one")
    }
    let paths = Set(taken.map(\.path))
    let tensors = Dictionary(
      model.store.all.filter { paths.contains($0.partPath) }.map { ($0.name, $0.fileValue) }
    ) { first, _ in first }
    try WeightFile.write(tensors, metadata: metadata, to: path)
  }

  private var metadata: [String: String] {
    var result = [
      "preprocessing": recipe.effective["input"]?.oneLine ?? "{}", "recipe": recipe.text,
      "recipeHash": recipe.hash, "source": PathText.name(of: file.path),
      "naming": match.naming.word.isEmpty ? match.naming.name : match.naming.word,
    ]
    if taken.contains(where: { $0.path == "head" }) {
      result["classes"] = JSONValue.texts(recipe.classes).oneLine
    }
    let missing = taken.flatMap(\.missing)
    if !missing.isEmpty { result["random"] = JSONValue.texts(missing).oneLine }
    return result
  }

  /// Keys of the file that came into the model.
  private var usedKeys: [String] {
    let idle = Set(match.unneeded + match.unknown)
    return file.names.filter { !idle.contains($0) }
  }

  // MARK: finding out

  private static func parameters(of model: ExpressionModel, part: String?) throws -> [Parameter] {
    guard let part else { return model.store.all }
    let found = model.store.under(part)
    guard !found.isEmpty else {
      var paths: [String] = []
      for parameter in model.store.all where paths.last != parameter.partPath {
        paths.append(parameter.partPath)
      }
      throw RunProblem.request(
        "the model has no part \(JSONValue.quoted(part))\(NearestName.suggestion(for: part, among: paths))"
          + "\n  parts: \(paths.joined(separator: ", "))")
    }
    return found
  }

  private static func naming(
    for file: WeightFile, _ parameters: [Parameter], _ recipe: Recipe, _ options: Options,
    _ registry: Registry
  ) throws -> WeightNaming {
    let parts = recipe.parts.filter { options.part == nil || $0.place == options.part }
    var candidates = WeightNaming.candidates(registry.namings, for: parts, keys: file.names)
    if let word = options.naming {
      let known = registry.namings.map(\.word)
      guard known.contains(word) else {
        throw RunProblem.request(
          "no map is named \(JSONValue.quoted(word))\(NearestName.suggestion(for: word, among: known))"
            + "\n  maps: \(known.joined(separator: ", "))")
      }
      candidates = candidates.filter { $0.word == word }
      guard !candidates.isEmpty else {
        let wanted = registry.namings.first { $0.word == word }
        let component = wanted?.component ?? ""
        guard !component.isEmpty else {
          throw RunProblem.request(
            "the map \"\(word)\" is for files that hold \((wanted?.marks ?? []).joined(separator: " and ")), "
              + "and this one does not")
        }
        throw RunProblem.request(
          "the map \"\(word)\" is for the component \"\(component)\", and the recipe has none; "
            + "it has \(parts.map(\.component).joined(separator: ", "))")
      }
    }
    let best = try file.bestNaming(candidates, for: parameters)
    return options.part.map(best.limited) ?? best
  }

  private static func requireCoverage(
    _ match: WeightMatch, _ taken: [WeightMatch.Part], _ file: WeightFile, _ coverage: Double
  ) throws {
    let poor = taken.filter { $0.coverage < coverage || $0.used == 0 }
    guard !poor.isEmpty else { return }
    let fitting = taken.filter { $0.coverage >= coverage && $0.used > 0 }
    let lines = poor.map { part in
      "\(part.path): \(part.used) of \(part.count) arrays fit, at least \(Int((100 * coverage).rounded(.up))) % must"
        + (part.mismatched.isEmpty ? "" : "; of another shape: \(part.mismatched.listed(atMost: 3))")
        + (part.missing.isEmpty ? "" : "; missing: \(part.missing.listed(atMost: 4))")
    }
    let names = match.unknown.listed(atMost: 4)
    let unknown =
      match.unknown.isEmpty
      ? "" : "\n  \(match.unknown.count) arrays of the file have no place in the model: \(names)"
    throw FileProblem(
      file.path,
      "does not fit the recipe's model (read as \(match.naming.name))\n  "
        + lines.joined(separator: "\n  ") + unknown + classHint(poor, match.naming, file)
        + "\n  nothing was written; "
        + (fitting.isEmpty
          ? "see `arbex weights inspect`, or import one part with --part"
          : "what fits can be imported alone: --part \(fitting.map(\.path).joined(separator: " or "))"))
  }

  /// A head of another number of classes is the commonest of misfits.
  private static func classHint(_ poor: [WeightMatch.Part], _ naming: WeightNaming, _ file: WeightFile)
    -> String
  {
    guard poor.contains(where: { $0.path == "head" && !$0.mismatched.isEmpty }) else { return "" }
    let layers = file.names.filter { naming.modelName($0)?.hasPrefix("head.") ?? false }
    let sizes = layers.compactMap { file.shape(of: $0)?.first }
    let orders = naming.orders.filter { sizes.contains($0.classes.count) }.map {
      "\n    \($0.word): --set 'classes=\(JSONValue.texts($0.classes).oneLine)'"
    }
    // Objects or people, not expressions.
    if let many = sizes.max(), many > 100 { return "\n  its head is of another task: it has \(many) classes" }
    return "\n  the recipe must name the file's classes"
      + (orders.isEmpty ? "" : "; known of such files:" + orders.joined())
  }

  // MARK: classes

  /// Finds out whether the file's classes are the recipe's.
  /// - Returns: what a person should know where the file cannot tell.
  private static func classWarnings(
    _ file: WeightFile, _ naming: WeightNaming, _ recipe: Recipe, _ given: String?
  ) throws -> [String] {
    let orders = naming.orders.filter { $0.classes.count == recipe.classes.count }
    if let own = file.metadata["classes"].flatMap({ JSONValue.decoded([String].self, from: $0) }) {
      try require(own, recipe, file, "names its classes")
    }
    if let given {
      let classes =
        naming.orders.first { $0.word == given }?.classes ?? given.split(separator: ",").map(String.init)
      guard classes.count == recipe.classes.count else {
        let known = naming.orders.map(\.word)
        throw RunProblem.request(
          "--classes \(JSONValue.quoted(given)): is neither a known order nor \(recipe.classes.count) names with commas "
            + "between them" + NearestName.suggestion(for: given, among: known)
            + (known.isEmpty ? "" : "\n  known orders of such files: \(known.joined(separator: ", "))"))
      }
      try require(classes, recipe, file, "has its classes, as --classes says,")
      return []
    }
    guard file.metadata["classes"] == nil else { return [] }
    let fitting = orders.filter { means($0.classes, recipe.classes) }.map(\.word)
    let others = orders.filter { !means($0.classes, recipe.classes) }
      .map { "\($0.word) (\($0.classes.listed(atMost: 9)))" }
    if fitting.isEmpty, orders.count == 1 {
      try require(orders[0].classes, recipe, file, "has its classes, as all files of its kind with so many,")
    }
    guard !fitting.isEmpty, others.isEmpty else {
      return [
        "the file does not tell its classes; taken to be the recipe's, in their order: "
          + recipe.classes.listed(atMost: 20) + (fitting.isEmpty ? "" : " (\(fitting[0]))")
          + (others.isEmpty ? "" : "\n  other files of its kind: " + others.joined(separator: "; "))
          + "\n  say which it is with --classes"
      ]
    }
    return []
  }

  private static func require(_ classes: [String], _ recipe: Recipe, _ file: WeightFile, _ how: String) throws
  {
    guard !means(classes, recipe.classes) else { return }
    throw RunProblem.request(
      "\(file.path.printable): \(how) in the order \(classes.listed(atMost: 20)); the recipe's is "
        + "\(recipe.classes.listed(atMost: 20))\n  name them in the file's order: --set 'classes=\(JSONValue.texts(classes).oneLine)'"
    )
  }

  /// Whether two lists name the same expressions in the same order, in whatever words.
  private static func means(_ one: [String], _ other: [String]) -> Bool {
    one.map(ExpressionNames.canonical) == other.map(ExpressionNames.canonical)
  }
}
