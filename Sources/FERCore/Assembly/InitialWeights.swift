import NeuralKit
import Support

/// Weights of another model, from which all parts of a new one start as far as they fit.
///
/// What the file lacks, or has in another shape, starts as it would without the file. Where the file was trained for other
/// classes, or for the same in another order, the parts that know classes (head, corrections, losses) start so, too: everything
/// maps by name, never by index, and nobody knows what their numbers stand for.
struct InitialWeights {
  let path: String
  let recipe: Recipe
  let namings: [WeightNaming]

  private static let partsThatKnowClasses = ["head", "corrections", "losses"]

  /// Sets what fits.
  /// - Parameter tell: told what was set and what was not, a line at a time.
  /// - Throws: `FileProblem` where the file holds nothing of the model, or is damaged.
  func load(into model: ExpressionModel, tell: (String) -> Void) throws {
    let file = try WeightFile(intact: path)
    let theirs = file.metadata["classes"].flatMap { JSONValue.decoded([String].self, from: $0) }
    let hasSameClasses = theirs == nil || theirs == recipe.classes
    let parameters = model.store.all.filter { hasSameClasses || !Self.knowsClasses($0.name) }
    let naming = try file.bestNaming(
      WeightNaming.candidates(namings, for: recipe.parts, keys: file.names), for: parameters)
    let match = try file.match(parameters, by: naming)
    let loaded = try file.read(match, into: parameters)
    guard !loaded.isEmpty else {
      throw FileProblem(
        path, "fits no part of this model: \(match.parts.flatMap(\.mismatched).listed(atMost: 4))")
    }

    tell("starts from \(path.printable): \(loaded.count) of \(model.store.all.count) arrays")
    if let theirs, !hasSameClasses {
      tell(
        "  it was trained for the classes \(theirs.listed(atMost: 20)), this recipe names "
          + "\(recipe.classes.listed(atMost: 20)): \(Self.partsThatKnowClasses.listed()) start anew")
    }
    tellCount("are missing in it and start anew", match.parts.flatMap(\.missing), tell)
    tellCount("have another shape and start anew", match.parts.flatMap(\.mismatched), atMost: 3, tell)
    tellCount("of it are left over", match.unknown.filter { hasSameClasses || !Self.knowsClasses($0) }, tell)
    for difference in preprocessing(of: file) { tell("  it was trained with \(difference)") }
  }

  private func tellCount(_ what: String, _ names: [String], atMost limit: Int = 6, _ tell: (String) -> Void) {
    if !names.isEmpty { tell("  \(names.count) \(what): \(names.listed(atMost: limit))") }
  }

  private static func knowsClasses(_ name: String) -> Bool {
    partsThatKnowClasses.contains { name.hasPrefix($0 + ".") }
  }

  /// In what images were prepared otherwise for it.
  private func preprocessing(of file: WeightFile) -> [String] {
    guard let stated = file.metadata["preprocessing"].flatMap({ try? JSON5Parser.parse($0).value.members })
    else { return [] }
    let own = recipe.effective["input"]?.members ?? [:]
    return ["antialias", "channels", "normalize", "resize", "size"].compactMap { key in
      guard let old = stated[key], let new = own[key], old != new else { return nil }
      return "input.\(key) \(old.oneLine), this recipe says \(new.oneLine)"
    }
  }
}
