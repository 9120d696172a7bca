import FERCore
import Foundation

extension ReportSection {
  /// Whether the model errs where it is uncertain: the share of mistakes by uncertainty, and the mean uncertainty of each
  /// class's right answers beside its mistakes.
  static let uncertainty = ReportSection("RUL: uncertainty and mistakes") { set in
    let parts = set.parts(by: .uncertainty, count: 10)
    guard !parts.isEmpty else { return [] }
    let rows = parts.map { part in
      [
        "\(number(part.bounds.lowerBound)) to \(number(part.bounds.upperBound))", "\(part.count)",
        String(format: "%.1f", 100 * Double(part.count - part.right) / Double(part.count)),
      ]
    }
    return [
      .bars(
        Table("Mistakes by uncertainty", columns: ["uncertainty", "images", "mistakes, %"], rows: rows),
        columns: ["mistakes, %"],
        caption:
          "The images by uncertainty in parts of the same size, and how many of a hundred in each are mistakes. Where uncertainty "
          + "is worth something, the lower bars are the longer ones."),
      byClass(set),
    ]
  }

  private static func byClass(_ set: EvaluatedSet) -> Item {
    let row = { (name: String, samples: [EvaluatedSample]) in
      [name, "\(samples.count)", mean(samples), mean(samples.filter { $0.isRight == true })]
        + [mean(samples.filter { $0.isRight == false })]
    }
    let known = set.samples.filter { $0.label != nil }
    let rows = set.classes.indices.map { label in row(set.classes[label], known.filter { $0.label == label })
    }
    return .bars(
      Table(
        "Uncertainty by class",
        columns: ["class", "images", "uncertainty", "of right answers", "of mistakes"],
        rows: rows + [row("all", known)]), columns: ["of right answers", "of mistakes"],
      caption: "Mean uncertainty of the images of each class. About 1 is the mean of the training images.")
  }

  /// The mean of s; "" of nothing.
  private static func mean(_ samples: [EvaluatedSample]) -> String {
    let values = samples.compactMap { $0.evidence[.uncertainty]?.first?.first }
    return values.isEmpty ? "" : number(values.reduce(0, +) / Float(values.count))
  }

  private static func number(_ value: Float) -> String { String(format: "%.3f", Double(value)) }
}
