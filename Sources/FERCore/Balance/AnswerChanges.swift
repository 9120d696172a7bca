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
    precondition(
      labels.count == before.count && labels.count == after.count, "AnswerChanges: other counts than labels")
    var (count, mended, broken, wrongAnew) = (0, [Int](), [Int](), [Int]())
    for (place, label) in labels.enumerated() {
      guard let label else { continue }
      count += 1
      switch (before[place] == label, after[place] == label) {
      case (false, true): mended.append(place)
      case (true, false): broken.append(place)
      case (false, false) where before[place] != after[place]: wrongAnew.append(place)
      default: break
      }
    }
    (self.count, self.mended, self.broken, self.wrongAnew) = (count, mended, broken, wrongAnew)
  }

  /// Whether more was mended than broken, or the reverse, by more than chance: the first way of answering is the one
  /// before.
  package var test: McNemarTest { McNemarTest(onlyFirst: broken.count, onlySecond: mended.count) }
}

extension EvaluatedSet {
  /// What the balance made of the primary distribution's answers; places are those of ``samples``.
  package var answerChanges: AnswerChanges {
    AnswerChanges(
      labels: samples.map(\.label), before: samples.map(\.primaryPrediction), after: samples.map(\.prediction)
    )
  }
}
