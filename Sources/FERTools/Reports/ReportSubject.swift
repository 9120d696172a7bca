import FERCore
import FERTraining

/// What a report tells of: a run, or an evaluation alone.
package struct ReportSubject {
  /// What it is called.
  package let name: String
  /// Where the run lies; nil for an evaluation alone.
  package let folder: RunFolder?
  /// What the run's files tell of it.
  let facts: RunFacts?
  /// What was run.
  package let recipe: Recipe?
  /// The lines of its metrics.jsonl; none for an evaluation alone.
  package let history: [LogLine]
  /// How it does on a set of images; nil where there are none.
  package var evaluation: Evaluation?
  /// What label policies did.
  package let remarks: [Table]
  /// The image of that name; nil where it is not at hand.
  package var image: (String) -> Image?
  /// Which of the recipe's sets of images those are.
  package var split = DataSplit.validation
  /// The file of the weights that were evaluated; nil where there were none.
  package var weights: String?
  /// How it does on images that were first shrunk; empty where nobody looked.
  package var shrunk: [ShrunkScore] = []
  /// Names of the images whose distributions are shown, whole or from a folder on; where there are none, some are drawn.
  package var shown: [String] = []
  /// What the report lacks, and why, a sentence each.
  package var omissions: [String] = []

  /// What is drawn at random follows from it: the recipe's.
  var seed: UInt64 { recipe?.seed ?? 1 }

  package init(
    name: String, folder: RunFolder? = nil, recipe: Recipe? = nil, history: [LogLine] = [],
    evaluation: Evaluation? = nil, remarks: [Table] = [], facts: RunFacts? = nil,
    image: @escaping (String) -> Image? = { _ in nil }
  ) {
    (self.name, self.folder, self.recipe, self.history) = (name, folder, recipe, history)
    (self.evaluation, self.remarks, self.image) = (evaluation, remarks, image)
    self.facts = facts
  }

  /// A run as its folder tells of it, without an evaluation. Files that cannot be read are among what is left out.
  package init(_ folder: RunFolder, of recipe: Recipe, remarks: [Table]? = nil) {
    var omissions: [String] = []
    func read<Value>(_ what: String, _ body: () throws -> Value) -> Value? {
      do { return try body() } catch {
        omissions.append("\(what): \(error)")
        return nil
      }
    }
    self.init(
      name: recipe.name, folder: folder, recipe: recipe,
      history: read("How training went") { try LogLine.all(in: folder.file("metrics.jsonl")) } ?? [],
      remarks: remarks ?? read("What label policies did") { try folder.remarks } ?? [],
      facts: read("When and how it was trained") { try RunFacts(of: folder) })
    self.omissions = omissions
  }
}

/// How a model does on images that have lost what only fine pixels show.
package struct ShrunkScore: Sendable {
  /// Of width and of height.
  package let share: Double
  /// By the head's distribution, and by the balanced one.
  package let primary, corrected: ConfusionMatrix

  package init(_ share: Double, _ evaluation: Evaluation) {
    (self.share, primary, corrected) = (share, evaluation.primary, evaluation.corrected)
  }
}

/// A part of every report: a heading and what it shows of a subject. Plug-ins add theirs as `ReportSection`.
package struct ReportPart: Sendable {
  /// The heading.
  package let title: String
  /// Tables of more rows are cut on the page; their files hold all.
  package let rowLimit: Int
  /// What stands under it; nothing where there is nothing to show. A table of one column is sentences that have to be seen.
  package let items: @Sendable (ReportSubject) throws -> [ReportSection.Item]

  package init(
    _ title: String, rowLimit: Int = .max,
    items: @escaping @Sendable (ReportSubject) throws -> [ReportSection.Item]
  ) {
    (self.title, self.rowLimit, self.items) = (title, rowLimit, items)
  }

  /// A plug-in's section.
  init(_ section: ReportSection) {
    self.init(section.title) { subject in subject.evaluation.map { section.items($0.set) } ?? [] }
  }

  /// A table by itself.
  init(_ table: Table) { self.init(table.title, rowLimit: 200) { _ in [.table(table)] } }
}
