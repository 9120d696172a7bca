import FERCore
import FERTraining
import Support

extension ReportPart {
  /// What each distribution is worth by itself, what is wrong with their balance, and which answers it changed. Nothing
  /// without correction terms.
  static let balance = ReportPart("What balancing did") { subject in
    guard let evaluation = subject.evaluation, let scores = evaluation.balance else { return [] }
    let problems = evaluation.balanceProblems
    let warnings = Table("Warnings on balancing", columns: ["what is wrong"], rows: problems.map { [$0] })
    return [.table(scores)] + (problems.isEmpty ? [] : [.table(warnings)]) + [changedAnswers(evaluation.set)]
  }

  /// Answers mended and broken by class, then of all.
  private static func changedAnswers(_ set: EvaluatedSet) -> ReportSection.Item {
    let known = set.samples.filter { $0.label != nil }
    let row = { (name: String, samples: [EvaluatedSample]) in
      let count = { (kind: AnswerChange) in samples.filter { $0.change == kind }.count }
      let right = { (answer: (EvaluatedSample) -> Int) in
        share(samples.filter { answer($0) == $0.label }.count, of: samples.count)
      }
      return [name, "\(samples.count)"]
        + [AnswerChange.mended, .broken, .wrongAnew].map { "\(count($0))" }
        + [right(\.primaryPrediction), right(\.prediction)]
    }
    let rows = set.classes.indices.map { label in row(set.classes[label], known.filter { $0.label == label })
    }
    let changes = set.answerChanges
    let p = changes.test.pValue
    return .bars(
      Table(
        "Answers changed by balancing",
        columns: ["class", "images", "mended", "broken", "wrong anew", "primary right, %", "final right, %"],
        rows: rows + [row("all", known)]), columns: ["mended", "broken"],
      caption: "Of \(changes.count) answers balancing mended \(changes.mended.count), broke "
        + "\(changes.broken.count) and made \(changes.wrongAnew.count) wrong in another way. McNemar's test of mended against "
        + "broken: p \(p < 0.001 ? "< 0.001" : "= \(p.rounded(places: 3))").")
  }

  /// A share in percent; "" of nothing.
  static func share(_ part: Int, of whole: Int) -> String {
    whole > 0 ? (100 * Double(part) / Double(whole)).rounded(places: 1) : ""
  }
}
