import FERCore
import FERTraining

extension ReportPart {
  /// How often each class was taken for which.
  package static let confusion = ReportPart("Confusion") { subject in
    guard let evaluation = subject.evaluation else { return [] }
    return evaluation.answers.map { name, matrix in
      let picture = ConfusionPicture(
        title: name.isEmpty ? "Confusion" : "Confusion, \(name)", classes: evaluation.set.classes,
        matrix: matrix)
      return .figure(
        svg: picture.svg, caption: "Images, and their share of the true class.", numbers: picture.numbers)
    }
  }
}
