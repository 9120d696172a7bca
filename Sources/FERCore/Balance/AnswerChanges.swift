import Support

/// What became of one answer.
package enum AnswerChange: String, Sendable {
  /// It stayed.
  case same
  /// Wrong before, right now.
  case mended
  /// Right before, wrong now.
  case broken
  /// Wrong before, and wrong in another way now.
  case wrongAnew = "wrong anew"
  /// It is another one, and nobody knows the right one.
  case changed

  /// - Parameter label: the right answer; nil where it is not known.
  package init(label: Int?, before: Int, after: Int) {
    if before == after {
      self = .same
    } else if let label {
      self = after == label ? .mended : before == label ? .broken : .wrongAnew
    } else {
      self = .changed
    }
  }
}

/// What became of the answers to the same questions from one way of answering to another: from the primary distribution to
/// the final one, or from one model to another.
///
///     set.answerChanges.mended     // places in set.samples
///     AnswerChanges(labels: labels, before: first.samples.map(\.prediction), after: second.samples.map(\.prediction)).test
package struct AnswerChanges: Sendable, Equatable {
  /// How many answers were compared: those whose class is known.
  package let count: Int
  /// Where a wrong answer became right.
  package let mended: [Int]
  /// Where a right answer became wrong.
  package let broken: [Int]
  /// Where a wrong answer became another wrong one.
  package let wrongAnew: [Int]

  /// - Parameter labels: the classes; nil where one is not known, then its answers do not count.
  /// - Precondition: as many answers, before and after, as labels.
  package init(labels: [Int?], before: [Int], after: [Int]) {
    require(
      labels.count == before.count && labels.count == after.count, "AnswerChanges: other counts than labels")
    var (count, mended, broken, wrongAnew) = (0, [Int](), [Int](), [Int]())
    for (place, label) in labels.enumerated() {
      guard label != nil else { continue }
      count += 1
      switch AnswerChange(label: label, before: before[place], after: after[place]) {
      case .mended: mended.append(place)
      case .broken: broken.append(place)
      case .wrongAnew: wrongAnew.append(place)
      case .same, .changed: break
      }
    }
    (self.count, self.mended, self.broken, self.wrongAnew) = (count, mended, broken, wrongAnew)
  }

  /// Whether more was mended than broken, or the reverse, by more than chance: the first way of answering is the one
  /// before.
  package var test: McNemarTest { McNemarTest(onlyFirst: broken.count, onlySecond: mended.count) }
}

extension EvaluatedSample {
  /// Whether the balanced distribution answers rightly; nil where nobody knows.
  package var isRight: Bool? { label.map { $0 == prediction } }

  /// What the balance made of the primary distribution's answer.
  package var change: AnswerChange {
    AnswerChange(label: label, before: primaryPrediction, after: prediction)
  }
}

extension EvaluatedSet {
  /// What the balance made of the primary distribution's answers; places are those of ``samples``.
  package var answerChanges: AnswerChanges {
    AnswerChanges(
      labels: samples.map(\.label), before: samples.map(\.primaryPrediction), after: samples.map(\.prediction)
    )
  }
}
