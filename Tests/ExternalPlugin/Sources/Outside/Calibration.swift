import ARBEx

extension Metric {
  /// How far confidence and accuracy lie apart: the samples in 15 equal bins of the likeliest class's share, weighed by
  /// how many each holds (Guo et al. 2017).
  static let calibrationError = Metric("expected calibration error", better: .lower) { set in
    var gaps = [Double](repeating: 0, count: 15)
    var count = 0.0
    for sample in set.samples {
      guard let label = sample.label else { continue }
      let confidence = Double(sample.final[sample.prediction])
      // (0, 1/15], (1/15, 2/15] ...
      let bin = min(14, max(0, Int((confidence * 15).rounded(.up)) - 1))
      gaps[bin] += (sample.prediction == label ? 1 : 0) - confidence
      count += 1
    }
    return count > 0 ? gaps.reduce(0) { $0 + abs($1) } / count : nil
  }
}

extension ReportSection {
  /// How sure the model is of each class's images.
  static let confidenceByClass = ReportSection("Confidence by class") { set in
    let means = set.classes.indices.map { label in
      let found = set.samples.filter { $0.label == label }
      return found.isEmpty ? 0 : found.reduce(0) { $0 + $1.confidence } / Float(found.count)
    }
    let bars = means.enumerated().map { place, mean in
      "<rect x='\(place * 30)' y='\(100 - mean * 100)' width='24' height='\(mean * 100)' fill='#456'/>"
    }
    let table = Table(
      "confidence by class", columns: ["class", "mean confidence"],
      rows: zip(set.classes, means).map { [$0, "\($1)"] })
    return [
      .table(table),
      .figure(
        svg: "<svg viewBox='0 0 \(means.count * 30) 100' width='\(means.count * 30)'>\(bars.joined())</svg>",
        caption: "Mean confidence of \(set.classes.joined(separator: ", "))", numbers: table),
    ]
  }
}
