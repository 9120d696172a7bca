import Support

/// How often a model is right on the samples that it is surest of, for every share of the samples that it answers: what
/// leaving the unsure ones to a person is worth.
///
/// Source: Geifman and El-Yaniv 2017, arXiv:1705.08500; the area under risk, which is 1 minus that under accuracy, Geifman
/// et al. 2019, arXiv:1805.08206.
package struct CoverageCurve: Sendable, Equatable {
  /// What happens when all samples of at least one confidence are answered.
  package struct Point: Sendable, Equatable {
    /// The share of the samples that are answered, above 0, at most 1.
    package let coverage: Double
    /// The share of those that are right.
    package let accuracy: Double
    /// The lowest confidence that is answered. −∞ where it takes samples whose confidence is not a number.
    package let threshold: Double
  }

  /// One for every confidence that occurs, the surest first; the last answers all. Empty without samples.
  package let points: [Point]
  /// The mean of the accuracy over 1, 2 ... N answered samples: 1 where all are right. Samples of one confidence have no
  /// order, so the right ones count as spread evenly among them. Nil without samples.
  package let area: Double?

  /// - Parameter confidences: how sure each answer is, in any unit; one that is not a number counts as the least sure.
  /// - Parameter isRight: whether each answer is.
  /// - Precondition: as many of both.
  package init(confidences: [Double], isRight: [Bool]) {
    require(confidences.count == isRight.count, "CoverageCurve: counts differ")
    let total = Double(confidences.count)
    let sorted = zip(confidences, isRight).map { (sure: $0.isNaN ? -.infinity : $0, isRight: $1) }
      .sorted { $0.sure > $1.sure }
    var (points, sum, right, place) = ([Point](), 0.0, 0.0, 0)
    while place < sorted.count {
      let threshold = sorted[place].sure
      let group = sorted[place...].prefix { $0.sure == threshold }
      let found = Double(group.filter(\.isRight).count)
      for step in 1...group.count {
        sum += (right + found * Double(step) / Double(group.count)) / Double(place + step)
      }
      right += found
      place += group.count
      points.append(
        Point(coverage: Double(place) / total, accuracy: right / Double(place), threshold: threshold))
    }
    self.points = points
    area = sorted.isEmpty ? nil : sum / total
  }
}
