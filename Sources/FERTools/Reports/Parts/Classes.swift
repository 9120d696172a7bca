import FERCore
import FERTraining
import Support

extension ReportPart {
  /// Precision, recall and F1 of each class, with a warning of classes that are never predicted.
  package static let classes = ReportPart("Each class") { subject in
    guard let evaluation = subject.evaluation else { return [] }
    let (answers, classes) = (evaluation.answers, evaluation.set.classes)
    let table = Table(
      "Each class",
      columns: ["class", "images"]
        + answers.flatMap { answer in
          ["precision", "recall", "F1"].map { column(answer.name, $0 + ", %") }
        },
      rows: classes.enumerated().map { label, name in
        [name, "\(evaluation.corrected.support(label))"]
          + answers.flatMap { _, matrix in
            [matrix.precision(label), matrix.recall(label), matrix.f1(label)].map(percent)
          }
      })
    let warnings = answers.flatMap { answer, matrix in
      classes.indices.filter { matrix.support($0) > 0 && matrix.predicted($0) == 0 }.map { label in
        "\"\(classes[label].printable)\" is never predicted\(answer.isEmpty ? "" : " (\(answer))"), though "
          + "\(matrix.support(label)) image\(matrix.support(label) == 1 ? " is" : "s are") of that class."
      }
    }
    return
      (warnings.isEmpty
      ? [] : [.table(Table("Never predicted", columns: ["warning"], rows: warnings.map { [$0] }))])
      + [.table(table)]
  }
}
