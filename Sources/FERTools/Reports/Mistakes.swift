import FERTraining
import FERCore
import FERData
import Foundation
import Support

extension Report {
  /// How many mistakes are shown.
  private static let mistakes = 12
  /// The longest side of a shown face, in pixels.
  private static let face = 112

  /// The faces that the model is surest about and wrong, each with what it says and what the label says. Often it is
  /// the label that is wrong.
  /// - Parameter image: the image of that name; nil where it is not at hand, then the mistake is left out.
  static func surestMistakes(_ evaluation: Evaluation, image: (String) -> Image?) -> String {
    let wrong = evaluation.set.samples.filter { row in row.label.map { $0 != row.prediction } ?? false }
      .sorted { ($1.final[$1.prediction], $0.id) < ($0.final[$0.prediction], $1.id) }
    let figures = wrong.prefix(mistakes).compactMap { row -> String? in
      guard let label = row.label, let picture = image(row.id).flatMap(source) else { return nil }
      let name = { (label: Int) in
        evaluation.set.classes.indices.contains(label) ? evaluation.set.classes[label] : "?"
      }
      let share = (100 * Double(row.final[row.prediction])).rounded(places: 0)
      return "<figure><img src=\"\(picture)\" alt=\"\" title=\"\(row.id.printable.htmlEscaped)\"><figcaption>"
        + "\(name(row.prediction).htmlEscaped), \(share)&nbsp;%<br>labelled \(name(label).htmlEscaped)</figcaption></figure>"
    }
    guard !figures.isEmpty else { return "" }
    return "<h2>Surest mistakes</h2>\n<div class=\"row\">\(figures.joined(separator: "\n"))</div>\n"
  }

  /// A small image as the address of its own content.
  static func source(_ image: Image) -> String? {
    let scale = min(1, Double(face) / Double(max(image.width, image.height, 1)))
    let small = image.resized(
      width: max(1, Int(Double(image.width) * scale)), height: max(1, Int(Double(image.height) * scale)),
      antialias: true)
    return (try? ImageFile.encodePNG(small)).map { "data:image/png;base64," + Data($0).base64EncodedString() }
  }
}
