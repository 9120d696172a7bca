import FERCore
import FERTraining
import Support

extension ReportPart {
  /// How many images a sheet shows.
  static let sheetImages = 24

  /// The images that the model is surest about and wrong. Often it is the label that is wrong.
  static let surestMistakes = ReportPart("Surest mistakes") { subject in
    sheet(subject, rank: { $0.isRight == false ? -$0.probability : nil }) { row, classes in
      "\(said(row.final, classes)); labelled \(given(row, classes))"
    }
  }

  /// The images that the model is least sure about and right.
  static let leastSure = ReportPart("Least sure right answers") { subject in
    sheet(subject, rank: { $0.isRight == true ? $0.probability : nil }) { row, classes in
      "\(said(row.final, classes))"
    }
  }

  /// The images whose distribution balancing changed most, by half the sum of the absolute differences, which is the
  /// probability that it moved. Nothing without correction terms.
  static let mostCorrected = ReportPart("Most corrected images") { subject in
    guard subject.evaluation?.set.termNames.isEmpty == false else { return [] }
    return sheet(subject, rank: { -$0.movedProbability }) { row, classes in
      "\(row.change.rawValue): \(said(row.primary, classes)) → \(said(row.final, classes)); labelled "
        + given(row, classes)
    }
  }

  /// The first few images by rank, those of equal rank by name, with what is to be said of them. Images that are not at hand
  /// are left out.
  /// - Parameter rank: lower comes first; nil leaves out.
  private static func sheet(
    _ subject: ReportSubject, rank: (EvaluatedSample) -> Float?,
    caption: (EvaluatedSample, [String]) -> String
  ) -> [ReportSection.Item] {
    guard let set = subject.evaluation?.set else { return [] }
    let ranked = set.samples.compactMap { row in rank(row).map { (rank: $0, row: row) } }
      .filter { $0.rank.isFinite }.sorted { ($0.rank, $0.row.id) < ($1.rank, $1.row.id) }
    var pictures = [(image: Image, caption: String)]()
    for (_, row) in ranked where pictures.count < sheetImages {
      guard let image = subject.image(row.id) else { continue }
      pictures.append((image, "\(caption(row, set.classes))\n\(row.id.printable)"))
    }
    return pictures.isEmpty ? [] : [.pictures(pictures)]
  }

  private static func said(_ distribution: [Float], _ classes: [String]) -> String {
    let best = distribution.firstMaximum
    return "\(classes[best]) \((100 * Double(distribution[best])).rounded(places: 0)) %"
  }

  private static func given(_ row: EvaluatedSample, _ classes: [String]) -> String {
    row.label.map { classes[$0] } ?? "nothing"
  }
}

extension EvaluatedSample {
  /// The probability of the class that it answers.
  fileprivate var probability: Float { final[prediction] }

  /// ½ Σ |f − p|, 0...1: the total variation distance of primary and final.
  var movedProbability: Float { zip(primary, final).reduce(0) { $0 + abs($1.1 - $1.0) } / 2 }
}
