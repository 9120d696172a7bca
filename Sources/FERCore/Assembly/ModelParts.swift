import NeuralKit

/// The parts of a model, each in its place.
public struct ModelParts {
  public var backbone: Part<any Backbone>
  public var landmarks: Part<any LandmarkExtractor>?
  public var encoder: Part<any Encoder>
  /// Brings the embedding to another size, where the recipe asks for it.
  public var reduction: Linear?
  public var head: Part<any Head>
  /// In the order of their names.
  public var corrections: [Part<any CorrectionTerm>]

  public init(
    backbone: Part<any Backbone>, landmarks: Part<any LandmarkExtractor>?, encoder: Part<any Encoder>,
    reduction: Linear?, head: Part<any Head>, corrections: [Part<any CorrectionTerm>]
  ) {
    self.backbone = backbone
    self.landmarks = landmarks
    self.encoder = encoder
    self.reduction = reduction
    self.head = head
    self.corrections = corrections
  }
}

/// A component in its place.
public struct Part<Kind> {
  /// The name of its place: "backbone", or the key of a correction.
  public let name: String
  public let component: Kind
  /// Whether it stays as it is: it then runs as in evaluation, on stored statistics, and records nothing of its
  /// own.
  public let isFrozen: Bool

  public init(_ name: String, _ component: Kind, isFrozen: Bool = false) {
    self.name = name
    self.component = component
    self.isFrozen = isFrozen
  }

  func run<Result>(_ pass: ForwardPass, _ body: (Kind, ForwardPass) -> Result) -> Result {
    body(component, isFrozen ? .evaluation : pass)
  }
}
