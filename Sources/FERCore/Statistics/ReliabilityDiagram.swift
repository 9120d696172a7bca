import Support

/// How often a model is right where it is so sure: samples in bins of equal width by the probability of the class that
/// each is taken for.
///
/// Sources: DeGroot and Fienberg 1983; Guo et al. 2017, arXiv:1706.04599. The bins are theirs: (0, 1/M], (1/M, 2/M] ...;
/// a probability of 0 joins the first. torchmetrics 1.9 counts a probability on an edge to the bin above, and 1 to a
/// further bin; off the edges both are the same.
package struct ReliabilityDiagram: Sendable, Equatable {
  /// Samples of nearly the same probability.
  package struct Bin: Sendable, Equatable {
    /// The probabilities that belong here: above the lower bound, up to the upper one.
    package let bounds: ClosedRange<Double>
    /// How many samples do.
    package let count: Int
    /// The mean probability of these; nil for none.
    package let confidence: Double?
    /// The share of these that are right; nil for none.
    package let accuracy: Double?
  }

  /// From 0 to 1; empty ones too.
  package let bins: [Bin]

  /// - Parameter confidences: the largest probability of each sample, 0...1. One that is not a number goes to the first
  ///   bin, whose mean then is none either.
  /// - Parameter isRight: whether each sample's class has it.
  /// - Precondition: as many of both, and a bin.
  package init(confidences: [Double], isRight: [Bool], binCount: Int = 15) {
    require(confidences.count == isRight.count && binCount > 0, "ReliabilityDiagram: counts differ")
    var sums = [(count: Int, confidence: Double, right: Int)](repeating: (0, 0, 0), count: binCount)
    for (confidence, right) in zip(confidences, isRight) {
      let edge = (confidence * Double(binCount)).rounded(.up)
      let place = edge > Double(binCount) ? binCount - 1 : edge >= 1 ? Int(edge) - 1 : 0
      sums[place].count += 1
      sums[place].confidence += confidence
      sums[place].right += right ? 1 : 0
    }
    bins = sums.enumerated().map { place, sum in
      let count = Double(sum.count)
      return Bin(
        bounds: Double(place) / Double(binCount)...Double(place + 1) / Double(binCount), count: sum.count,
        confidence: sum.count > 0 ? sum.confidence / count : nil,
        accuracy: sum.count > 0 ? Double(sum.right) / count : nil)
    }
  }

  /// The expected calibration error (ECE): the mean over the samples of the gap between confidence and accuracy of their
  /// bin; equation 3 of Guo et al. Nil without samples, not a number where a confidence is none.
  package var calibrationError: Double? {
    let total = bins.reduce(0) { $0 + $1.count }
    guard total > 0 else { return nil }
    let gaps = bins.reduce(0.0) { sum, bin in
      guard let confidence = bin.confidence, let accuracy = bin.accuracy else { return sum }
      return sum + Double(bin.count) * abs(accuracy - confidence)
    }
    return gaps / Double(total)
  }
}
