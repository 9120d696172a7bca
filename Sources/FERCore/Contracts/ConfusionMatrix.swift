/// How often each class was taken for which.
package struct ConfusionMatrix: Sendable, Equatable {
  /// Counts: `counts[truth][prediction]`.
  package private(set) var counts: [[Int]]

  /// A table without counts.
  package init(classCount: Int) {
    counts = Array(repeating: Array(repeating: 0, count: classCount), count: classCount)
  }

  /// Counts one sample.
  package mutating func add(truth: Int, prediction: Int) { counts[truth][prediction] += 1 }

  /// The number of classes.
  package var classCount: Int { counts.count }
  /// All samples.
  package var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }
  /// Samples whose class was found.
  package var correct: Int { counts.indices.reduce(0) { $0 + counts[$1][$1] } }
  /// The share of samples whose class was found; nil for no samples.
  package var accuracy: Double? { Self.ratio(correct, total) }

  /// Samples of a class.
  package func support(_ label: Int) -> Int { counts[label].reduce(0, +) }
  /// Samples taken for a class.
  package func predicted(_ label: Int) -> Int { counts.reduce(0) { $0 + $1[label] } }
  /// Of the samples taken for a class, the share that belongs to it; nil where none was.
  package func precision(_ label: Int) -> Double? { Self.ratio(counts[label][label], predicted(label)) }
  /// Of the samples of a class, the share that was found; nil where there are none.
  package func recall(_ label: Int) -> Double? { Self.ratio(counts[label][label], support(label)) }
  /// The harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); nil where the class neither occurs nor
  /// was predicted.
  package func f1(_ label: Int) -> Double? {
    Self.ratio(2 * counts[label][label], support(label) + predicted(label))
  }

  /// The mean over the classes that occur. A precision that is undefined because a class was never predicted counts
  /// as 0 here: a model must not gain by never naming a class.
  package var macroPrecision: Double? { macro(precision) }
  /// The mean over the classes that occur.
  package var macroRecall: Double? { macro(recall) }
  /// The mean over the classes that occur.
  package var macroF1: Double? { macro(f1) }

  private func macro(_ value: (Int) -> Double?) -> Double? {
    let occurring = counts.indices.filter { support($0) > 0 }
    guard !occurring.isEmpty else { return nil }
    return occurring.reduce(0) { $0 + (value($1) ?? 0) } / Double(occurring.count)
  }

  private static func ratio(_ part: Int, _ whole: Int) -> Double? {
    whole > 0 ? Double(part) / Double(whole) : nil
  }
}
