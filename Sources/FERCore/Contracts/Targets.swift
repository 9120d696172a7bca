import NeuralKit
import TensorKit

/// What the rows of a batch are to be taken for.
public struct Targets: Sendable {
  /// The class of each row, an index into the model's classes.
  public private(set) var labels: [Int]
  /// A distribution over the classes in their place `[N, C]` (several annotators, a teacher), where there is one.
  public var distribution: Tensor?
  /// How much each row counts in `samples` losses, at least 0; nil: all the same.
  public var weights: [Float]?
  /// How often each class is the label of a training sample; nil outside of training.
  package var classCounts: [Int]?

  /// Labels, or a distribution in their place.
  public init(labels: [Int], distribution: Tensor? = nil, weights: [Float]? = nil) {
    (self.labels, self.distribution, self.weights) = (labels, distribution, weights)
  }

  /// The targets of these samples. Where one of them has shares, so have all: all on the label where it has none.
  package init(of samples: some Sequence<Sample>, classCount: Int) {
    let samples = Array(samples)
    labels = samples.map(\.label)
    guard samples.contains(where: { $0.distribution != nil }) else { return }
    let rows = samples.map { $0.distribution ?? Self.oneHot($0.label, classCount) }
    distribution = Tensor([rows.count, classCount], Array(rows.joined()))
  }

  /// Takes a row for another class; its row of the distribution becomes that class alone.
  public mutating func relabel(row: Int, as label: Int) {
    labels[row] = label
    guard let old = distribution else { return }
    let width = old.shape[1]
    var values = old.values
    values.replaceSubrange(row * width..<(row + 1) * width, with: Self.oneHot(label, width))
    distribution = Tensor(old.shape, values)
  }

  /// What a distribution should be `[N, C]`: the given one, or all on the label; then `smoothing` of it is
  /// spread evenly over all classes.
  public func distribution(classCount: Int, smoothing: Float) -> Tensor {
    let oneHot = { Tensor([labels.count, classCount], labels.flatMap { Self.oneHot($0, classCount) }) }
    return (distribution ?? oneHot()) * (1 - smoothing) + smoothing / Float(classCount)
  }

  /// Some of the rows.
  package func sliced(_ rows: Range<Int>) -> Targets {
    if rows == labels.indices { return self }
    var targets = Targets(
      labels: Array(labels[rows]),
      distribution: distribution?.sliced(along: 0, from: rows.lowerBound, count: rows.count),
      weights: weights.map { Array($0[rows]) })
    targets.classCounts = classCounts
    return targets
  }

  private static func oneHot(_ label: Int, _ classCount: Int) -> [Float] {
    (0..<classCount).map { $0 == label ? 1 : 0 }
  }
}
