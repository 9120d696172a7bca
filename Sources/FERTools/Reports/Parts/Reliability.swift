import FERCore
import FERTraining
import Support

extension ReportPart {
  /// Whether a confidence is what it says, and what leaving the unsure images to a person is worth.
  static let calibration = ReportPart("Calibration and coverage") { subject in
    let distributions = (subject.evaluation?.set.distributions ?? [])
      .filter { ["primary", "final"].contains($0.name) }
    guard let final = distributions.last else { return [] }
    return [reliability(distributions), coverage(distributions), .table(thresholds(final))]
  }

  // MARK: calibration

  private static func reliability(_ distributions: [LabelledDistributions]) -> ReportSection.Item {
    let panels = distributions.map { (name: $0.name, diagram: $0.reliability()) }
    let scores = distributions.compactMap(\.score).map { score in
      "\(score.name): ECE \(score.calibrationError.rounded(places: 4)), NLL "
        + "\(score.negativeLogLikelihood.rounded(places: 4)), Brier \(score.brierScore.rounded(places: 4))"
    }
    let number = { (value: Double?) in value.map { $0.rounded(places: 4) } ?? "" }
    let rows = panels.flatMap { name, diagram in
      diagram.bins.map { bin in
        [name, number(bin.bounds.lowerBound), number(bin.bounds.upperBound), "\(bin.count)"]
          + [number(bin.confidence), number(bin.accuracy)]
      }
    }
    return .figure(
      svg: ReliabilityPlot(panels: panels).svg,
      caption: scores.joined(separator: ". ")
        + ". Lines: accuracy of the images whose likeliest class has so much probability; red: the gap between both; "
        + "below: how many images.",
      numbers: Table(
        "Reliability", columns: ["distribution", "from", "to", "images", "confidence", "accuracy"], rows: rows
      ))
  }

  // MARK: coverage

  /// The points at which another hundredth of the samples is answered: enough for a picture.
  static func hundredths(of curve: CoverageCurve) -> [CoverageCurve.Point] {
    var (kept, reached) = ([CoverageCurve.Point](), 0)
    for point in curve.points {
      let step = Int(100 * point.coverage + 1e-9)
      guard step > reached else { continue }
      kept.append(point)
      reached = step
    }
    return kept
  }

  private static func coverage(_ distributions: [LabelledDistributions]) -> ReportSection.Item {
    let curves = distributions.map { (name: $0.name, curve: $0.coverage()) }
    let lines = curves.map { (name: $0.name, points: hundredths(of: $0.curve)) }
    let areas = curves.map { "\($0.name) \(($0.curve.area ?? .nan).rounded(places: 4))" }
    let rows = lines.flatMap { name, points in
      points.map { point in
        [name] + [point.coverage, point.accuracy, point.threshold].map { $0.rounded(places: 6) }
      }
    }
    return .figure(
      svg: CoveragePlot(lines: lines).svg,
      caption: "Accuracy where only the surest images are answered. Mean over all shares: "
        + areas.joined(separator: ", ") + ".",
      numbers: Table("Coverage", columns: ["distribution", "coverage", "accuracy", "threshold"], rows: rows))
  }

  /// What `--abstain-below` is worth at thresholds that leave about 100, 95, 90 ... 50 % of the images answered, cut off to
  /// four digits: each row says what just this threshold does.
  static func thresholds(_ final: LabelledDistributions) -> Table {
    let (confidences, isRight) = (final.confidences(.certainty), final.isRight)
    let sorted = confidences.map { $0.isNaN ? 0 : $0 }.sorted(by: >)
    var values = [Double]()
    for share in stride(from: 100, through: 50, by: -5) {
      let place = (sorted.count * share + 99) / 100 - 1
      let threshold = (max(0, sorted[max(0, place)]) * 10_000).rounded(.down) / 10_000
      if threshold != values.last { values.append(threshold) }
    }
    let rows = values.map { threshold in
      let answered = confidences.indices.filter { confidences[$0] >= threshold }
      return [
        threshold.rounded(places: 4), ReportPart.share(answered.count, of: confidences.count),
        ReportPart.share(answered.filter { isRight[$0] }.count, of: answered.count),
      ]
    }
    return Table(
      "Abstaining", columns: ["--abstain-below", "images answered, %", "of those right, %"], rows: rows)
  }
}
