import FERCore
import FERTraining
import Support

extension ReportPart {
  /// Parts of fewer images are neither best nor worst: with 20, accuracy is known to about ± 20 %.
  private static let least = 20

  /// How it does on each group (a person, a video) and each value of an attribute, with the gap between best and worst.
  package static let groups = ReportPart("Groups", rowLimit: 20) { subject in
    guard let evaluation = subject.evaluation else { return [] }
    let breakdowns = evaluation.set.breakdowns(minimumCount: least)
    guard !breakdowns.isEmpty else { return [] }
    let isBalanced = !evaluation.set.termNames.isEmpty
    return [.table(gaps(breakdowns, isBalanced))] + breakdowns.map { .table(table($0, isBalanced)) }
  }

  /// A row for each way of grouping.
  private static func gaps(_ breakdowns: [Breakdown], _ isBalanced: Bool) -> Table {
    let answers: [(String, KeyPath<Breakdown, Breakdown.Extremes?>)] =
      isBalanced ? [("primary", \.primary), ("corrected", \.final)] : [("", \.final)]
    return Table(
      "Worst group and gap",
      columns: ["by", "groups", "of \(least) images or more", "images in none"]
        + answers.flatMap { answer, _ in
          ["worst", "worst accuracy, %", "best", "best accuracy, %", "gap, points"].map { column(answer, $0) }
        },
      rows: breakdowns.map { breakdown in
        let large = breakdown.parts.count { $0.count >= least }
        return [breakdown.name, "\(breakdown.parts.count)", "\(large)", "\(breakdown.unassigned)"]
          + answers.flatMap { answer, extremes -> [String] in
            guard let extremes = breakdown[keyPath: extremes] else { return ["–", "–", "–", "–", "–"] }
            let accuracy = { (name: String) in
              breakdown.parts.first { $0.name == name }.flatMap {
                (answer == "primary" ? $0.primary : $0.final).accuracy
              }
            }
            return [
              extremes.worst, percent(accuracy(extremes.worst)), extremes.best,
              percent(accuracy(extremes.best)), percent(extremes.gap),
            ]
          }
      })
  }

  /// A row for each part, the worst first; those of too few images last.
  private static func table(_ breakdown: Breakdown, _ isBalanced: Bool) -> Table {
    let parts = breakdown.parts.sorted { first, second in
      let (few, other) = (first.count < least, second.count < least)
      guard few == other else { return other }
      return (first.final.accuracy ?? 0, first.name) < (second.final.accuracy ?? 0, second.name)
    }
    let names = isBalanced ? ["primary", "corrected"] : [""]
    return Table(
      "By \(breakdown.name)",
      columns: [breakdown.name, "images"]
        + names.flatMap { [column($0, "accuracy, %"), column($0, "macro F1, %")] },
      rows: parts.map { part in
        let matrices = isBalanced ? [part.primary, part.final] : [part.final]
        return [part.name, "\(part.count)"]
          + matrices.flatMap { [percent($0.accuracy), percent($0.macroF1)] }
      })
  }
}
