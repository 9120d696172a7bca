import FERCore
import FERTraining

extension ReportPart {
  /// What each distribution is worth by itself; nothing without corrections.
  package static let balance = ReportPart("What balancing did") { subject in
    guard let evaluation = subject.evaluation, let table = evaluation.balance else { return [] }
    let problems = evaluation.balanceProblems
    let warnings = Table("Warnings", columns: ["warning"], rows: problems.map { [$0] })
    return [.table(table)] + (problems.isEmpty ? [] : [.table(warnings)])
  }
}
