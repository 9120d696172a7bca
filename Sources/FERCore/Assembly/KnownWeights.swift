import NeuralKit
import Support

/// How much of a published kind of model a weight file holds.
package struct WeightFit: Sendable {
  /// The kind: the word for it, and what such files are called.
  package let word: String
  package let name: String
  /// Its parts, and what the file has of each.
  package let parts: [WeightMatch.Part]
  /// Classes of the file's head; nil where it has none.
  package let classCount: Int?
  /// The orders of that many classes that are known of such files.
  package let orders: [WeightNaming.Order]

  /// Arrays of such a model that the file has.
  package var used: Int { parts.reduce(0) { $0 + $1.used } }
  /// Arrays that such a model has.
  package var count: Int { parts.reduce(0) { $0 + $1.count } }
}

extension Registry {
  /// The kinds of published files whose parts a file holds whole or nearly so, the best first. Each kind is tried on a
  /// model as it was published, which is built for that, without numbers.
  /// - Throws: `FileProblem` where two keys belong to one parameter.
  package func fits(of file: WeightFile) throws -> [WeightFit] {
    let keys = file.names
    // No published kind has a tenth of this; a file made to keep us busy may.
    guard keys.count <= 20_000 else { return [] }
    var found: [WeightFit] = []
    for naming in namings {
      let parts = naming.component.isEmpty ? naming.parts : [WeightNaming.Part("part", naming.component)]
      // Only this naming, but whole models with what is known of their parts' files.
      let others = naming.component.isEmpty ? namings.filter { !$0.component.isEmpty } : []
      let resolved = WeightNaming.candidates(others + [naming], for: parts, keys: keys)
      guard let candidate = resolved.first(where: { $0.word == naming.word }) else { continue }
      let classCount = Self.classCount(of: file, candidate)
      guard let store = published(parts, naming, classCount: classCount ?? 7) else { continue }
      let match = try file.match(store.all, by: candidate)
      let fit = WeightFit(
        word: naming.word, name: naming.name, parts: match.parts, classCount: classCount,
        orders: naming.orders.filter { $0.classes.count == classCount })
      let hasWholePart = match.parts.contains { $0.coverage >= WeightFit.leastCoverage }
      if hasWholePart, 2 * fit.used >= fit.count { found.append(fit) }
    }
    // More arrays first; of equals the kind that is whole.
    return found.enumerated().sorted {
      ($1.element.used, $0.element.count, $0.offset) < ($0.element.used, $1.element.count, $1.offset)
    }.map(\.element)
  }

  /// How many classes the file's head has.
  private static func classCount(of file: WeightFile, _ naming: WeightNaming) -> Int? {
    let keys = file.names.filter { key in
      !naming.classArray.isEmpty && naming.modelName(key) == naming.classArray
    }
    guard keys.count == 1, let shape = file.shape(of: keys[0]), shape.count == 1 else { return nil }
    return (2...100_000).contains(shape[0]) ? shape[0] : nil
  }

  /// The parameters of a model of these parts, with the options they were published with; nil where one is not
  /// known.
  private func published(_ parts: [WeightNaming.Part], _ naming: WeightNaming, classCount: Int)
    -> ParameterStore?
  {
    let root = ParameterScope()
    var context = BuildContext(
      scope: root, classes: (0..<classCount).map { "class \($0)" }, inputSize: naming.inputSize)
    for part in parts {
      context.scope = root / part.place
      do {
        // Some networks are backbone and landmark extractor; where nothing else is said, with all that their files have.
        if part.place != "backbone", let entry = landmarks[part.component] {
          context.landmarkLevels = try entry.make(in: &context).levels
        } else if let entry = backbones[part.component] {
          context.imageLevels = try entry.make(in: &context).levels
        } else if let entry = encoders[part.component] {
          context.embedding = try entry.make(in: &context).embeddingSize
        } else if let entry = heads[part.component] {
          context.embedding = context.embedding ?? naming.embedding
          _ = try entry.make(in: &context)
        } else {
          return nil
        }
      } catch { return nil }
    }
    return root.store
  }
}

extension WeightFit {
  /// The share of a part's arrays that a file must have to be taken for a file of that part.
  package static let leastCoverage = 0.95
}
