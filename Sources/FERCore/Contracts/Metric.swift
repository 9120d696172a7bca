import TensorKit

/// What a model says of one sample.
public struct EvaluatedSample: Sendable, Equatable {
  /// The image's name.
  public var id: String
  /// Its class, where it is known.
  public var label: Int?
  /// What it belongs to (a person, a video); "" where that is not known.
  public var group = ""
  /// What else is known of it.
  public var attributes: [String: String] = [:]
  /// The head's distribution.
  public var primary: [Float]
  /// Each correction term's distribution, in the order of ``EvaluatedSet/termNames``.
  public var terms: [[Float]]
  /// The balanced distribution.
  public var final: [Float]
  /// Evidence of the layouts `sample` (one number), `views` (one row) and `map` (its rows).
  public var evidence: [EvidenceKey: [[Float]]] = [:]
  /// Of shared evidence that is points of classes, such as anchors: those nearest to the embedding, the nearest first.
  public var nearest: [EvidenceKey: [NearPoint]] = [:]

  /// What a model says of the sample of that name.
  public init(id: String, label: Int?, primary: [Float], terms: [[Float]] = [], final: [Float]) {
    (self.id, self.label, self.primary, self.terms, self.final) = (id, label, primary, terms, final)
  }

  /// The class of the balanced distribution.
  public var prediction: Int { final.firstMaximum }
  /// The class of the head's distribution.
  public var primaryPrediction: Int { primary.firstMaximum }
  /// 1 - H/ln C of the balanced distribution: 0 unsure, 1 sure.
  public var confidence: Float { final.confidence }
}

/// A point of a class in the embedding's space, as one sample sees it.
public struct NearPoint: Sendable, Equatable {
  /// The class that it belongs to.
  public let label: Int
  /// How far it is from the sample's embedding, in units of the embedding.
  public let distance: Float

  /// A point of that class at that distance.
  public init(label: Int, distance: Float) { (self.label, self.distance) = (label, distance) }
}

/// What a model says of a set of samples.
public struct EvaluatedSet: Sendable {
  /// The class names, in the order of every distribution.
  public let classes: [String]
  /// The correction terms' names.
  public let termNames: [String]
  /// In the order of the set.
  public let samples: [EvaluatedSample]

  /// Samples with the names that their numbers belong to.
  public init(classes: [String], termNames: [String] = [], samples: [EvaluatedSample]) {
    (self.classes, self.termNames, self.samples) = (classes, termNames, samples)
  }
}

/// A number that says how good a model is. Registered by name; `training.best` may choose the best checkpoint by it.
public struct Metric: Sendable {
  /// Whether more of it is better.
  public enum Direction: Sendable { case higher, lower }

  /// As people know it: "final accuracy".
  public let name: String
  /// Whether more of it is better.
  public let better: Direction
  /// The number; nil where it is undefined, as the accuracy of no samples.
  public let value: @Sendable (EvaluatedSet) -> Double?

  /// A number that belongs to a name. A value that is not finite counts as undefined.
  public init(
    _ name: String, better: Direction = .higher, value: @escaping @Sendable (EvaluatedSet) -> Double?
  ) {
    (self.name, self.better) = (name, better)
    self.value = { set in value(set).flatMap { $0.isFinite ? $0 : nil } }
  }
}

extension Metric {
  /// What every model is told of.
  static let standard = [
    Metric("final accuracy") { $0.confusion(\.prediction).accuracy },
    Metric("final macro F1") { $0.confusion(\.prediction).macroF1 },
    Metric("primary accuracy") { $0.confusion(\.primaryPrediction).accuracy },
    Metric("primary macro F1") { $0.confusion(\.primaryPrediction).macroF1 },
  ]
}

extension EvaluatedSet {
  /// How often each class was taken for which, by one of the two distributions.
  package func confusion(_ prediction: (EvaluatedSample) -> Int) -> ConfusionMatrix {
    var matrix = ConfusionMatrix(classCount: classes.count)
    for sample in samples {
      if let label = sample.label { matrix.add(truth: label, prediction: prediction(sample)) }
    }
    return matrix
  }

  /// The registered numbers beyond those that stand in every evaluation anyway.
  package func further(_ metrics: [Metric]) -> [(name: String, value: Double?)] {
    metrics.filter { metric in !Metric.standard.contains { $0.name == metric.name } }.map {
      ($0.name, $0.value(self))
    }
  }
}

extension [Float] {
  /// 1 - H/ln C of a distribution: 0 unsure, 1 sure.
  package var confidence: Float { Tensor([1, count], self).confidence().item }
}

extension Array where Element: BinaryFloatingPoint {
  /// The index of the largest number, the first of equals; 0 where there are none.
  package var firstMaximum: Int {
    var best = 0
    for index in indices where self[index] > self[best] { best = index }
    return best
  }
}
