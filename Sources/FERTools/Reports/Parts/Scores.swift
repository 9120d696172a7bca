import FERCore
import FERTraining
import Support

extension ReportPart {
  /// The numbers that stand for the whole.
  package static let scores = ReportPart("Scores") { subject in
    guard let evaluation = subject.evaluation else { return [] }
    let rows: [(String, (ConfusionMatrix) -> Double?)] = [
      ("accuracy", \.accuracy), ("macro precision", \.macroPrecision), ("macro recall", \.macroRecall),
      ("macro F1", \.macroF1),
    ]
    let answers = evaluation.answers
    var items: [ReportSection.Item] = [
      .table(
        Table(
          "Scores", columns: ["score"] + answers.map { column($0.name, "in %") },
          rows: rows.map { name, value in [name] + answers.map { percent(value($0.matrix)) } }))
    ]
    if !evaluation.metrics.isEmpty {
      items.append(
        .table(
          Table(
            "Further scores", columns: ["score", "value"],
            rows: evaluation.metrics.map { [$0.name, $0.value.map { $0.rounded(places: 4) } ?? "–"] })))
    }
    if !evaluation.problems.isEmpty {
      items.append(
        .table(
          Table(
            "Images that could not be read", columns: ["problem"],
            rows: evaluation.problems.map { [$0.printable] })))
    }
    return items
  }
}
