import FERCore
import Support

/// Puts a dataset's classes to those of a recipe, by name, and counts what has no place.
///
/// A recipe may name the classes in any order, and fewer of them: samples of a class that it does not name are an
/// error that counts them, unless `ignore` names the class. A class of the recipe that the dataset does not know at
/// all is an error unless `allowMissing` is set.
public struct ClassMatch {
  /// The recipe's classes.
  public let classes: [String]
  private let ignored: [String]
  private let allowMissing: Bool
  private var known: [String: Int?] = [:]
  private var unknown: [String: Int] = [:]
  private var left: [String: Int] = [:]

  /// Nothing has been counted yet.
  public init(_ request: DataRequest) {
    (classes, allowMissing) = (request.classes, request.allowMissing)
    ignored = request.ignore.map(ExpressionNames.canonical)
  }

  /// The recipe's index for a class of the dataset, for one more sample; nil where it is left out or has no place.
  public mutating func label(of name: String) -> Int? {
    let label = index(of: name)
    if label == nil {
      if isIgnored(name) { left[name, default: 0] += 1 } else { unknown[name, default: 0] += 1 }
    }
    return label
  }

  /// The shares of a sample in the order of the recipe's classes, their sum 1. Those of ignored classes are taken out;
  /// those of classes without a place count as unknown.
  /// - Parameter names: the dataset's classes, in the order of `shares`.
  /// - Returns: nil where nothing is left.
  public mutating func distribution(_ shares: [Float], of names: [String]) -> [Float]? {
    var result = [Float](repeating: 0, count: classes.count)
    for (name, share) in zip(names, shares) where share > 0 {
      if let index = index(of: name) {
        result[index] += share
      } else if !isIgnored(name) {
        unknown[name, default: 0] += 1
      }
    }
    let sum = result.reduce(0, +)
    return sum > 0 ? result.map { $0 / sum } : nil
  }

  private mutating func index(of name: String) -> Int? {
    if let known = known[name] { return known }
    let index = isIgnored(name) ? nil : ExpressionNames.index(of: name, in: classes)
    known[name] = .some(index)
    return index
  }

  private func isIgnored(_ name: String) -> Bool { ignored.contains(ExpressionNames.canonical(name)) }

  /// Speaks up for all samples at once, after the last.
  /// - Parameter path: the file or folder that tells the classes.
  /// - Parameter names: all classes that the dataset can have, in its order.
  /// - Throws: a ``DataProblem`` where a class of either side has no counterpart on the other.
  public func check(_ path: String, names: [String]) throws(DataProblem) {
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

  /// What `ignore` left out, and classes without a sample, in sentences.
  public func notes(_ samples: [Sample]) -> [String] {
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
