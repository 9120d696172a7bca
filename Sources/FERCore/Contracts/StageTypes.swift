import TensorKit

/// The size of one level of a feature pyramid: `[N, height, width, channels]` without the batch.
public struct PyramidLevel: Equatable, Sendable, CustomStringConvertible {
  public let height: Int
  public let width: Int
  public let channels: Int

  /// A level's size.
  public init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  public var description: String { "\(height)x\(width)x\(channels)" }
}

/// Feature maps of falling resolution.
public struct FeaturePyramid: Sendable {
  /// `[N, Hi, Wi, Ci]`, the coarsest last.
  public var levels: [Tensor]
  /// Facial landmarks `[N, P, 2]` as (x, y) in 0...1 of the image, where the extractor has them.
  public var points: Tensor?

  /// A pyramid.
  public init(levels: [Tensor], points: Tensor? = nil) {
    self.levels = levels
    self.points = points
  }
}

/// What a head says of an embedding.
public struct HeadOutput: Sendable {
  /// Unnormalised class scores `[N, C]`.
  public var logits: Tensor
  /// How much each sample is to be trusted in the losses `[N, 1]`, for heads that judge that.
  public var sampleWeight: Tensor?

  /// Scores, trusted equally unless weighed.
  public init(logits: Tensor, sampleWeight: Tensor? = nil) {
    self.logits = logits
    self.sampleWeight = sampleWeight
  }
}

/// What a correction term is given.
public struct Prediction: Sendable {
  /// `[N, D]`
  public var embedding: Tensor
  /// The primary distribution `[N, C]`; rows sum to 1.
  public var distribution: Tensor

  /// What a term sees.
  public init(embedding: Tensor, distribution: Tensor) {
    self.embedding = embedding
    self.distribution = distribution
  }
}

/// The name of a piece of evidence that a correction term hands to the losses.
public struct EvidenceKey: Hashable, Sendable, CustomStringConvertible {
  public let description: String
  /// A key of that name; plug-ins may add their own.
  public init(_ name: String) { description = name }

  /// Class anchors `[C, K, D]`.
  public static let anchors = EvidenceKey("anchors")
  /// Distances from each embedding to each anchor `[N, C, K]`.
  public static let distances = EvidenceKey("distances")
}

/// What a correction term proposes.
public struct Correction: Sendable {
  /// The proposed distribution `[N, C]`; rows sum to 1.
  public var distribution: Tensor
  /// What losses may ask for.
  public var evidence: [EvidenceKey: Tensor]

  /// A proposal.
  public init(distribution: Tensor, evidence: [EvidenceKey: Tensor] = [:]) {
    self.distribution = distribution
    self.evidence = evidence
  }
}

/// Everything a forward pass produced.
public struct Outcome: Sendable {
  /// The embedding that head and corrections saw `[N, D]`.
  public var embedding: Tensor
  /// What the head said.
  public var head: HeadOutput
  /// The softmax of the head's logits `[N, C]`.
  public var primary: Tensor
  /// The correction terms by name, in the order of their names.
  public var terms: [(name: String, correction: Correction)]
  /// The balanced distribution `[N, C]`, equations 18-19; `primary` where there are no terms.
  public var final: Tensor

  /// What a forward pass made.
  public init(
    embedding: Tensor, head: HeadOutput, primary: Tensor, terms: [(name: String, correction: Correction)],
    final: Tensor
  ) {
    self.embedding = embedding
    self.head = head
    self.primary = primary
    self.terms = terms
    self.final = final
  }

  /// The first term's evidence of that name.
  public func evidence(_ key: EvidenceKey) -> Tensor? {
    terms.lazy.compactMap { $0.correction.evidence[key] }.first
  }
}

/// What the samples of a batch really are.
public struct Targets: Sendable {
  /// The class of each sample, an index into the model's classes.
  public var labels: [Int]
  /// A distribution over the classes instead `[N, C]` (several annotators, a teacher), where there is one.
  public var distribution: Tensor?

  /// Labels, or a distribution in their place.
  public init(labels: [Int], distribution: Tensor? = nil) {
    self.labels = labels
    self.distribution = distribution
  }
}
