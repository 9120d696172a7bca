import FERCore
import Support

/// Puts a dataset's classes to those of a recipe, by name, and counts what has no place.
///
/// A recipe may name the classes in any order, and fewer of them: samples of a class that it does not name are an
/// error that counts them, unless `ignore` names the class. A class of the recipe that the dataset does not know at
/// all is an error unless `allowMissing` is set.
struct ClassMatch {
  /// The recipe's classes.
  let classes: [String]
  private let ignored: [String]
  private let allowMissing: Bool
  private var known: [String: Int?] = [:]
  private var unknown: [String: Int] = [:]
  private var left: [String: Int] = [:]

  init(_ classes: [String], ignore: [String], allowMissing: Bool) {
    self.classes = classes
    self.allowMissing = allowMissing
    ignored = ignore.map(ExpressionNames.canonical)
  }

  /// The recipe's index for a class of the dataset, for one more sample; nil where it is left out or has no place.
  mutating func label(of name: String) -> Int? {
    let label = index(of: name)
    if label == nil {
      if isIgnored(name) { left[name, default: 0] += 1 } else { unknown[name, default: 0] += 1 }
    }
    return label
  }

  /// The same without counting.
  mutating func index(of name: String) -> Int? {
    if let known = known[name] { return known }
    let index = isIgnored(name) ? nil : ExpressionNames.index(of: name, in: classes)
    known[name] = .some(index)
    return index
  }

  /// Whether `ignore` names the class.
  func isIgnored(_ name: String) -> Bool { ignored.contains(ExpressionNames.canonical(name)) }

  /// Notes that samples of this class, or shares of them, have no place in the recipe.
  mutating func addUnknown(_ name: String) { unknown[name, default: 0] += 1 }

  /// - Parameter names: all classes that the dataset can have, in its order.
  /// - Throws: a ``DataProblem`` where a class of either side has no counterpart on the other.
  func check(_ path: String, names: [String]) throws(DataProblem) {
    var problems: [String] = []
    if !unknown.isEmpty {
      let known = Set(names)
      let order = names.filter { unknown[$0] != nil } + unknown.keys.filter { !known.contains($0) }.sorted()
      let counts = order.map { "\($0) (\(Self.samples(unknown[$0] ?? 0)))" }
      let near = unknown.count == 1 ? NearestName.suggestion(for: order[0], among: classes) : ""
      problems.append(
        "the recipe has no class for \(Self.listed(counts))\(near); classes: \(classes.joined(separator: ", ")); "
          + "name them in `ignore` to leave them out")
    }
    let meanings = Set(names.map(ExpressionNames.canonical))
    let missing = classes.filter { !meanings.contains(ExpressionNames.canonical($0)) }
    if !missing.isEmpty && (!allowMissing || missing.count == classes.count) {
      problems.append(
        "the dataset does not know the class\(missing.count == 1 ? "" : "es") \(missing.joined(separator: ", ")); "
          + "it has \(Self.listed(names))"
          + (missing.count < classes.count ? "; set allowMissing to train without" : ""))
    }
    if !problems.isEmpty { throw DataProblem(path, problems.joined(separator: "; and ")) }
  }

  /// What `ignore` left out, and classes without a sample.
  func notes(_ samples: [Sample]) -> [String] {
    let ignored = left.sorted { $0.key < $1.key }.map {
      "\($0.key): \(Self.samples($0.value)) left out by `ignore`"
    }
    let present = Set(samples.map(\.label))
    let empty = classes.indices.filter { !present.contains($0) }.map { classes[$0] }
    return ignored + (empty.isEmpty ? [] : ["no samples of \(empty.joined(separator: ", "))"])
  }

  private static func listed(_ words: [String]) -> String {
    words.prefix(20).joined(separator: ", ") + (words.count > 20 ? " and \(words.count - 20) more" : "")
  }

  private static func samples(_ count: Int) -> String { count == 1 ? "1 sample" : "\(count) samples" }
}
