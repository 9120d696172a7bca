import Support
import Foundation

/// One of a model's distributions over the samples whose classes are known: what its statistics are made of.
///
///     for each in set.distributions { each.score.negativeLogLikelihood; each.reliability.bins; each.coverage().area }
///
/// A probability that is not a number makes the numbers that it goes into none either; answers and counts stay defined.
package struct LabelledDistributions: Sendable, Equatable {
  /// What a sample's confidence is.
  package enum Confidence: Sendable {
    /// 1 − H/ln C: what `confidence` means in tables of predictions and to `--abstain-below`.
    case certainty
    /// The probability of the likeliest class, which calibration is about.
    case probability
  }

  /// "primary", a correction term's name, or "final".
  package let name: String
  /// The probability of each class, for each sample.
  package let rows: [[Double]]
  /// The class of each sample.
  package let labels: [Int]

  /// - Precondition: as many labels as rows, each a place in its row, and rows of one length.
  package init(name: String, rows: [[Double]], labels: [Int]) {
    require(
      rows.count == labels.count
        && zip(rows, labels).allSatisfy { $0.count == rows[0].count && $0.indices.contains($1) },
      "LabelledDistributions: \(labels.count) labels for \(rows.count) rows, or one that is no class")
    (self.name, self.rows, self.labels) = (name, rows, labels)
  }

  /// Whether each sample's class is the likeliest, the first of equals.
  package var isRight: [Bool] { zip(rows, labels).map { $0.firstMaximum == $1 } }

  /// How sure each row is.
  package func confidences(_ kind: Confidence) -> [Double] {
    switch kind {
    case .certainty: rows.map(\.certainty)
    case .probability: rows.map { $0[$0.firstMaximum] }
    }
  }

  /// Accuracy, proper scores and calibration; nil without samples.
  package var score: DistributionScore? { DistributionScore(self) }

  /// Confidence against accuracy, in bins of equal width.
  package func reliability(binCount: Int = 15) -> ReliabilityDiagram {
    ReliabilityDiagram(confidences: confidences(.probability), isRight: isRight, binCount: binCount)
  }

  /// Accuracy of the surest samples. By ``Confidence/certainty`` its thresholds are what `--abstain-below` takes.
  package func coverage(by kind: Confidence = .certainty) -> CoverageCurve {
    CoverageCurve(confidences: confidences(kind), isRight: isRight)
  }
}

extension EvaluatedSet {
  /// Primary, each term and final over the samples whose classes are known; final alone where there are no terms, as it
  /// is then the primary. Empty without such samples.
  package var distributions: [LabelledDistributions] {
    let known = samples.filter { $0.label != nil }
    guard !known.isEmpty else { return [] }
    let labels = known.compactMap(\.label)
    let make = { (name: String, row: (EvaluatedSample) -> [Float]) in
      LabelledDistributions(name: name, rows: known.map { row($0).map(Double.init) }, labels: labels)
    }
    guard !termNames.isEmpty else { return [make("final", \.final)] }
    return [make("primary", \.primary)]
      + termNames.enumerated().map { place, name in make(name, { $0.terms[place] }) }
      + [make("final", \.final)]
  }
}

extension [Double] {
  /// 1 − H/ln C, as ``TensorKit/Tensor/confidence()`` has it for rows of a model's output; 1 for a single class.
  var certainty: Double {
    guard count > 1 else { return 1 }
    let entropy = reduce(0) { $0 - $1 * log($1 > 1e-12 || $1.isNaN ? $1 : 1e-12) }
    let certainty = 1 - entropy / log(Double(count))
    return certainty < 0 ? 0 : certainty > 1 ? 1 : certainty
  }

  /// −ln max(p, ε) of one class, ε = 1e-12.
  func surprise(at label: Int) -> Double {
    -log(self[label] > 1e-12 || self[label].isNaN ? self[label] : 1e-12)
  }
}
