import FERCore
import Support

/// What a report is made of.
package struct FinishedRun {
  /// How its best weights do on the validation images; nil without such.
  package let evaluation: Evaluation?
  /// Where it lies.
  package let folder: RunFolder
  /// What was run.
  package let recipe: Recipe
  /// What label policies did.
  package let remarks: [Table]
  /// The image of that name, for the faces on the page; nil where it is not at hand.
  package let image: (String) -> Image?

  package init(
    _ evaluation: Evaluation?, in folder: RunFolder, of recipe: Recipe, remarks: [Table] = [],
    image: @escaping (String) -> Image? = { _ in nil }
  ) {
    (self.evaluation, self.folder, self.recipe) = (evaluation, folder, recipe)
    (self.remarks, self.image) = (remarks, image)
  }
}

/// Writes the report of a finished run.
package typealias ReportWriter = (FinishedRun) throws -> Void
