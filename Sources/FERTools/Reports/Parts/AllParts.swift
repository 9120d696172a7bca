import FERCore
import FERTraining
import Support

extension ReportPart {
  /// What every report has, in its order. Plug-ins' sections follow, then what label policies did.
  package static let all: [ReportPart] = [
    scores,
    trainingCurves,
    balance,
    calibration,
    distributions,
    confusion,
    classes,
    groups,
    shrunkInputs,
    surestMistakes,
    leastSure,
    mostCorrected,
    embeddings,
    predictions,
  ]
}

extension Evaluation {
  /// What tables tell side by side: the head's answers and the balanced ones; one of them without a name where there is
  /// nothing to balance, as they are the same.
  var answers: [(name: String, matrix: ConfusionMatrix)] {
    self.set.termNames.isEmpty ? [("", corrected)] : [("primary", primary), ("corrected", corrected)]
  }
}

/// What a column is called that tells something of one of the ``FERTraining/Evaluation/answers``.
func column(_ answer: String, _ what: String) -> String { answer.isEmpty ? what : "\(answer) \(what)" }

/// A share in percent, without the sign; a dash where there is none.
func percent(_ share: Double?) -> String { share.map { (100 * $0).rounded(places: 2) } ?? "–" }
