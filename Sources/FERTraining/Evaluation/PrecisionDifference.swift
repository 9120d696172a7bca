import FERCore
import FERData
import Foundation
import NeuralKit
import TensorKit
import Support

/// How far predictions in another precision lie from those in 32-bit floats, on the same images.
package struct PrecisionDifference: Sendable, Equatable {
  /// The other one.
  package let precision: Precision
  /// Images that were compared.
  package let images: Int
  /// The share of right classes among them, corrected, by the other precision and by 32-bit floats; nil without labels.
  package let accuracy, float32Accuracy: Double?
  /// Of all balanced probabilities, the largest absolute difference.
  package let largest: Double
  /// The mean one.
  package let mean: Double
  /// The share of images that both give the same class.
  package let agreement: Double
  /// The norm of the embeddings' difference against that of the embeddings; nil where there are none.
  package let embeddingError: Double?

  /// - Precondition: rows of the same images in the same order.
  package init(
    _ precision: Precision, _ rows: some Collection<EvaluatedSample>,
    against exact: some Collection<EvaluatedSample>, embeddings: Tensor? = nil, exactEmbeddings: Tensor? = nil
  ) {
    self.precision = precision
    let count = exact.count
    images = count
    let gaps = zip(rows, exact).flatMap { zip($0.final, $1.final).map { Double(abs($0 - $1)) } }
    (largest, mean) = (gaps.max() ?? 0, gaps.reduce(0, +) / Double(max(1, gaps.count)))
    func share(_ isCounted: (EvaluatedSample, EvaluatedSample) -> Bool) -> Double {
      Double(zip(rows, exact).filter(isCounted).count) / Double(max(1, count))
    }
    agreement = share { $0.prediction == $1.prediction }
    let isLabelled = !exact.isEmpty && exact.allSatisfy { $0.label != nil }
    accuracy = isLabelled ? share { row, _ in row.prediction == row.label } : nil
    float32Accuracy = isLabelled ? share { _, row in row.prediction == row.label } : nil
    embeddingError = embeddings.flatMap { embeddings in
      exactEmbeddings.map { Self.relativeNorm(embeddings.values, $0.values) }
    }
  }

  private static func relativeNorm(_ found: [Float], _ exact: [Float]) -> Double {
    let gap = zip(found, exact).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    return (gap / max(exact.reduce(0.0) { $0 + Double($1) * Double($1) }, 1e-30)).squareRoot()
  }

  /// For people.
  package var summary: String {
    let percent = { (share: Double) in (100 * share).rounded(places: 2) + " %" }
    var rows = [["largest difference of probabilities", largest.rounded(places: 5)]]
    rows.append(["mean difference of probabilities", String(format: "%.7f", mean)])
    rows.append(["same class", percent(agreement)])
    if let accuracy, let float32Accuracy {
      rows.append(["accuracy, \(precision.rawValue)", percent(accuracy)])
      rows.append(["accuracy, float32", percent(float32Accuracy)])
    }
    if let embeddingError { rows.append(["relative error of the embedding", percent(embeddingError)]) }
    return "\(precision.rawValue) against float32 on \(images) images\n"
      + TextTable.text(rows, words: 1, indent: 2) + "\n"
  }

  /// The members of a JSON object, the name of the precision first.
  /// - Parameter key: how a key is written.
  package func object(_ key: (String) -> String = { $0 }) -> OrderedObject {
    var result = OrderedObject()
    result.add("name", precision.rawValue)
    result.add("images", images)
    result.add(key("largestDifference"), largest)
    result.add(key("meanDifference"), mean)
    result.add(key("top1Agreement"), agreement)
    result.add("accuracy", accuracy)
    result.add(key("float32Accuracy"), float32Accuracy)
    result.add(key("embeddingError"), embeddingError)
    return result
  }
}

extension Evaluator {
  /// How this evaluator's predictions differ from those in 32-bit floats, which are made here of the same source.
  /// - Parameter evaluation: what this evaluator found on the source, embeddings included.
  /// - Parameter tick: as of ``evaluate(_:keepsEmbeddings:tick:observe:)``.
  package func difference(
    of evaluation: Evaluation, on source: some BatchSource, tick: (Int) throws -> Void = { _ in }
  ) throws -> PrecisionDifference {
    let exact = try Evaluator(model, batchSize: batchSize, temperatures: temperatures).evaluate(
      source, keepsEmbeddings: true, tick: tick)
    return PrecisionDifference(
      precision, evaluation.set.samples, against: exact.set.samples, embeddings: evaluation.embeddings,
      exactEmbeddings: exact.embeddings)
  }
}
