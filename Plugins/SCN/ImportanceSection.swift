import FERCore
import Foundation

extension ReportSection {
  /// How much SCN trusts the images: by class, right answers beside mistakes; whether it is right more often on those that it
  /// trusts; and what it thinks of images that relabelling would take for another class, as ``Relabel`` does in training.
  static let importance = ReportSection("SCN: importance of the images") { set in
    let rated = set.samples.filter { $0.importance != nil && $0.label != nil }
    guard !rated.isEmpty else { return [] }
    return [byClass(set.classes, rated), byImportance(set), .table(relabelled(rated))]
  }

  private static func byClass(_ classes: [String], _ rated: [EvaluatedSample]) -> Item {
    let row = { (name: String, samples: [EvaluatedSample]) in
      [
        name, "\(samples.count)", samples.meanImportance,
        samples.filter { $0.isRight == true }.meanImportance,
      ]
        + [samples.filter { $0.isRight == false }.meanImportance]
    }
    let rows = classes.indices.map { label in row(classes[label], rated.filter { $0.label == label }) }
    return .bars(
      Table(
        "Importance by class", columns: ["class", "images", "importance", "of right answers", "of mistakes"],
        rows: rows + [row("all", rated)]), columns: ["of right answers", "of mistakes"],
      caption: "Mean importance of the images of each class, from 0 to 1.")
  }

  private static func byImportance(_ set: EvaluatedSet) -> Item {
    let rows = set.parts(by: .importance, count: 5).map { part in
      [
        "\(number(part.bounds.lowerBound)) to \(number(part.bounds.upperBound))", "\(part.count)",
        String(format: "%.1f", 100 * Double(part.right) / Double(part.count)),
      ]
    }
    return .bars(
      Table("Accuracy by importance", columns: ["importance", "images", "right, %"], rows: rows),
      columns: ["right, %"],
      caption:
        "The images by importance in five parts of the same size, and how many of a hundred in each are right."
    )
  }

  private static func relabelled(_ rated: [EvaluatedSample]) -> Table {
    let margin = Relabel.Options().margin
    let isTaken = { (row: EvaluatedSample) in
      row.label.map { row.final[row.prediction] - row.final[$0] > margin } ?? false
    }
    let row = { (name: String, samples: [EvaluatedSample]) in
      [name, "\(samples.count)", samples.meanImportance]
    }
    return Table(
      "What relabelling would do", columns: ["images", "count", "importance"],
      rows: [
        row("taken for another class: it leads by more than \(margin)", rated.filter(isTaken)),
        row("left as they are", rated.filter { !isTaken($0) }),
      ])
  }

  fileprivate static func number(_ value: Float) -> String { String(format: "%.3f", Double(value)) }
}

extension EvaluatedSample {
  /// α; nil where the model has none.
  fileprivate var importance: Float? { evidence[.importance]?.first?.first }
}

extension [EvaluatedSample] {
  /// The mean of α; "" of nothing.
  fileprivate var meanImportance: String {
    let values = compactMap(\.importance)
    return values.isEmpty ? "" : ReportSection.number(values.reduce(0, +) / Float(values.count))
  }
}
