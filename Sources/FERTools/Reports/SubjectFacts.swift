import FERCore
import FERTraining
import Foundation
import Support

/// Which run a report tells of: what stands at its top, so that two reports of one recipe do not look alike.
struct SubjectFacts {
  private let rows: [(what: String, value: String)]

  init(_ subject: ReportSubject) {
    let run = subject.facts
    var rows: [(String, String?)] = [("folder", subject.folder.map { PathText.absolute($0.path).printable })]
    if let recipe = subject.recipe {
      rows.append(("recipe", run?.recipeFile.map { "\(recipe.name), from \($0.printable)" } ?? recipe.name))
      rows.append(("changed in it", Self.changes(run?.changes)))
      rows.append(("seed", "\(recipe.seed)"))
      rows.append(("best epoch", Self.bestEpoch(of: recipe, run, subject)))
    }
    rows.append(("trained", run.flatMap(Self.dates)))
    if let path = subject.weights {
      rows.append(("weights", "\(path.printable)"))
      rows.append(("SHA-256 of them", try? Digest.sha256(ofFile: path)))
    }
    rows.append(("learned numbers", subject.recipe.flatMap(Self.parameters)))
    if let evaluation = subject.evaluation {
      let unreadable =
        evaluation.problems.isEmpty ? "" : "; \(evaluation.problems.count) could not be read"
      rows.append(
        (
          "looked at",
          "\(evaluation.set.samples.count.grouped) images of the \(subject.split.rawValue) set\(unreadable)"
        ))
    }
    self.rows = rows.compactMap { what, value in value.map { (what, $0) } }
  }

  /// A list of what and which.
  var html: String {
    let entries = rows.map { "<dt>\($0.what.htmlEscaped)</dt><dd>\($0.value.htmlEscaped)</dd>" }
    return entries.isEmpty ? "" : "<dl>\(entries.joined(separator: "\n"))</dl>\n"
  }

  /// The same as a table.
  var table: Table { Table("this run", columns: ["what", "value"], rows: rows.map { [$0.what, $0.value] }) }

  private static func changes(_ changes: [String]?) -> String? {
    changes.map { $0.isEmpty ? "nothing" : $0.map(\.printable).joined(separator: "; ") }
  }

  private static func bestEpoch(of recipe: Recipe, _ run: RunFacts?, _ subject: ReportSubject) -> String? {
    guard let best = run?.bestEpoch else { return nil }
    let epochs = recipe.training.epochs
    guard recipe.has(.validation) else { return "\(best) of \(epochs), the last one trained" }
    return "\(best) of \(epochs), chosen on the validation set by \(recipe.training.best)"
      + (subject.split == .validation
        ? "; so the numbers on that set look better than on images that nobody chose by" : "")
  }

  private static func dates(_ run: RunFacts) -> String? {
    guard let begin = run.begin.flatMap(Clock.minute), let end = run.end.flatMap(Clock.minute) else {
      return nil
    }
    return "\(begin) to \(end) UTC"
  }

  private static func parameters(of recipe: Recipe) -> String? {
    let counts = recipe.parameterCounts()
    guard !counts.isEmpty else { return nil }
    return counts.reduce(0) { $0 + $1.count }.grouped + ": "
      + counts.map { "\($0.part) \($0.count.grouped)" }.joined(separator: ", ")
  }
}
