import FERCore
import FERTraining
import Support

extension ReportPart {
  /// What there is to say of each image, to be sorted: the essence of `predictions.csv`.
  static let predictions = ReportPart("Every image") { subject in
    guard let set = subject.evaluation?.set, let first = set.samples.first else { return [] }
    let marks = first.nearestByName.map(\.key)
    let numbers = first.evidence.keys.filter { $0.layout == .sample }.sorted { $0.name < $1.name }
    let isCorrected = !set.termNames.isEmpty
    let columns =
      ["image", "class"] + (isCorrected ? ["primary"] : []) + ["final"]
      + (isCorrected ? ["primary confidence"] : []) + ["confidence", "probability"]
      + (isCorrected ? ["change"] : []) + ["right"] + marks.map { "nearest of \($0.name)" }
      + numbers.map(\.name)
    let text = { (value: Float) in Double(value).rounded(places: 3) }
    let rows = set.samples.map { row in
      var cells = [row.id.printable, row.label.map { set.classes[$0] } ?? ""]
      if isCorrected { cells.append(set.classes[row.primaryPrediction]) }
      cells.append(set.classes[row.prediction])
      if isCorrected { cells.append(text(row.primary.confidence)) }
      cells += [text(row.confidence), text(row.final[row.prediction])]
      if isCorrected { cells.append(row.change.rawValue) }
      cells.append(row.isRight.map { $0 ? "yes" : "no" } ?? "")
      cells += marks.map { key in
        row.nearest[key]?.first.map { "\(set.classes[$0.label]) \(text($0.distance))" } ?? ""
      }
      return cells + numbers.map { row.evidence[$0]?.first?.first.map(text) ?? "" }
    }
    return [.table(Table("Every image", columns: columns, rows: rows))]
  }
}
