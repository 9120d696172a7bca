import NeuralKit
import TensorKit

/// The parts of a model, each in its place.
public struct ModelParts {
  /// Turns the image into feature maps.
  public var backbone: Part<any Backbone>
  /// Turns the image into maps that know the face, where the recipe has such a part.
  public var landmarks: Part<any LandmarkExtractor>?
  /// Fuses the maps into one embedding.
  public var encoder: Part<any Encoder>
  /// Brings the embedding to another size, where the recipe asks for it.
  public var reduction: Linear?
  /// Turns the embedding into class scores.
  public var head: Part<any Head>
  /// In the order of their names.
  public var corrections: [Part<any CorrectionTerm>]

  /// Made from its parts.
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
  /// What does the work.
  public let component: Kind
  /// The path of its parameters: "backbone", "corrections.anchor".
  public let path: String
  /// Whether it stays as it is: it then runs as in evaluation, on stored statistics, and records nothing of its
  /// own.
  public let isFrozen: Bool

  /// Made from its parts.
  public init(_ name: String, _ component: Kind, path: String? = nil, isFrozen: Bool = false) {
    self.name = name
    self.component = component
    self.path = path ?? name
    self.isFrozen = isFrozen
  }

  func run<Result>(_ pass: ForwardPass, _ body: (Kind, ForwardPass) -> Result) -> Result {
    Profile.component(path) { body(component, isFrozen ? .evaluation : pass) }
  }
}
