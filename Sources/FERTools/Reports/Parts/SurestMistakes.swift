import FERCore
import FERTraining
import Support

extension ReportPart {
  /// The faces that the model is surest about and wrong, each with what it says and what the label says. Often it is
  /// the label that is wrong. An image that is not at hand is left out.
  package static let surestMistakes = ReportPart("Surest mistakes") { subject in
    guard let evaluation = subject.evaluation else { return [] }
    let classes = evaluation.set.classes
    let name = { (label: Int) in classes.indices.contains(label) ? classes[label] : "?" }
    let wrong = evaluation.set.samples.filter { row in row.label.map { $0 != row.prediction } ?? false }
      .sorted { ($1.final[$1.prediction], $0.id) < ($0.final[$0.prediction], $1.id) }
    let pictures = wrong.prefix(12).compactMap { row -> (image: Image, caption: String)? in
      guard let label = row.label, let image = subject.image(row.id) else { return nil }
      let share = (100 * Double(row.final[row.prediction])).rounded(places: 0)
      return (
        image, "\(name(row.prediction)), \(share) %\nlabelled \(name(label))\n\(row.id.printable)"
      )
    }
    return pictures.isEmpty ? [] : [.pictures(pictures)]
  }
}
