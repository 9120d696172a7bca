import FERCore
import FERTraining
import Support

extension ReportPart {
  /// Accuracy on images that were first shrunk and enlarged again.
  package static let shrunkInputs = ReportPart("Images of fewer pixels") { subject in
    guard let evaluation = subject.evaluation, !subject.shrunk.isEmpty else { return [] }
    let isBalanced = !evaluation.set.termNames.isEmpty
    let rows: [(Double, ConfusionMatrix, ConfusionMatrix)] =
      [(1, evaluation.primary, evaluation.corrected)]
      + subject.shrunk.map { ($0.share, $0.primary, $0.corrected) }
    let names = isBalanced ? ["primary", "corrected"] : [""]
    return [
      .table(
        Table(
          "Images of fewer pixels",
          columns: ["shrunk to, %"] + names.map { column($0, "accuracy, %") }
            + names.map { column($0, "loss, points") },
          rows: rows.map { share, primary, corrected in
            let pairs = [(evaluation.primary, primary), (evaluation.corrected, corrected)]
              .suffix(names.count)
            return [(100 * share).rounded(places: 0)] + pairs.map { percent($1.accuracy) }
              + pairs.map { whole, shrunk in
                percent(whole.accuracy.flatMap { before in shrunk.accuracy.map { before - $0 } })
              }
          }))
    ]
  }
}
