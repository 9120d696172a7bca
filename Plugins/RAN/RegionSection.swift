import FERCore
import Foundation

extension ReportSection {
  /// How much each region weighs: the means over all images of self-attention's and relation-attention's weights, and the
  /// former by class. Regions are in the order of the views.
  static let regions = ReportSection("RAN: weights of the regions") { set in
    guard let own = means(of: .regionWeights, set.samples),
      let relation = means(of: .relationWeights, set.samples), own.count == relation.count
    else { return [] }
    let byClass = set.classes.indices.map { label in
      means(of: .regionWeights, set.samples.filter { $0.label == label })
    }
    return [
      .bars(
        Table(
          "Region weights", columns: ["region", "self-attention", "relation-attention"],
          rows: own.indices.map { ["\($0 + 1)", number(own[$0]), number(relation[$0])] }),
        columns: ["self-attention", "relation-attention"],
        caption: "Mean weight of each region over \(set.samples.count) images."),
      .table(
        Table(
          "Region weights by class", columns: ["region"] + set.classes,
          rows: own.indices.map { region in
            ["\(region + 1)"] + byClass.map { $0.map { number($0[region]) } ?? "" }
          })),
    ]
  }

  /// The mean of each view's number; nil where no sample has them.
  private static func means(of key: EvidenceKey, _ samples: [EvaluatedSample]) -> [Double]? {
    let rows = samples.compactMap { $0.evidence[key]?.first }
    guard let count = rows.first?.count, rows.allSatisfy({ $0.count == count }) else { return nil }
    return (0..<count).map { view in rows.reduce(0) { $0 + Double($1[view]) } / Double(rows.count) }
  }

  private static func number(_ value: Double) -> String { String(format: "%.4f", value) }
}
