import FERCore
import FERTraining

/// What a report tells of: a run, or an evaluation alone.
package struct ReportSubject {
  /// What it is called.
  package let name: String
  /// Where the run lies; nil for an evaluation alone.
  package let folder: RunFolder?
  /// What was run.
  package let recipe: Recipe?
  /// The lines of its metrics.jsonl; none for an evaluation alone.
  package let history: [LogLine]
  /// How it does on a set of images; nil where there are none.
  package let evaluation: Evaluation?
  /// What label policies did.
  package let remarks: [Table]
  /// The image of that name; nil where it is not at hand.
  package let image: (String) -> Image?
  /// Names of the images whose distributions are shown, whole or from a folder on; where there are none, some are drawn.
  package let shown: [String]

  /// What is drawn at random follows from it: the recipe's.
  var seed: UInt64 { recipe?.seed ?? 1 }

  package init(
    name: String, folder: RunFolder? = nil, recipe: Recipe? = nil, history: [LogLine] = [],
    evaluation: Evaluation? = nil, remarks: [Table] = [], shown: [String] = [],
    image: @escaping (String) -> Image? = { _ in nil }
  ) {
    (self.name, self.folder, self.recipe, self.history) = (name, folder, recipe, history)
    (self.evaluation, self.remarks, self.shown, self.image) = (evaluation, remarks, shown, image)
  }
}

/// A part of every report: a heading and what it shows of a subject. Plug-ins add theirs as `ReportSection`.
package struct ReportPart: Sendable {
  /// The heading.
  package let title: String
  /// What stands under it; nothing where there is nothing to show.
  package let items: @Sendable (ReportSubject) throws -> [ReportSection.Item]

  package init(_ title: String, items: @escaping @Sendable (ReportSubject) throws -> [ReportSection.Item]) {
    (self.title, self.items) = (title, items)
  }
}
