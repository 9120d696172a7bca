import NeuralKit
import Support
import TensorKit

/// The parts of a model, each in its place.
struct ModelParts {
  /// Turns the image into feature maps.
  let backbone: Part<any Backbone>
  /// Turns the image into maps that know the face, where the recipe has such a part.
  let landmarks: Part<any LandmarkExtractor>?
  /// Fuses the maps into one embedding.
  let encoder: Part<any Encoder>
  /// Brings the embedding to another size, where the recipe asks for it.
  let reduction: Linear?
  /// Brings each number of the embedding to mean 0 and deviation 1 over the batch, where the recipe asks for it.
  let standardization: BatchNorm?
  /// Turns the embedding into class scores.
  let head: Part<any Head>
  /// In the order of their names.
  let corrections: [Part<any CorrectionTerm>]
}

/// A component in its place.
struct Part<Kind> {
  /// The name of its place: "backbone", or the key of a correction.
  let name: String
  /// As people know it: `correction "anchor"`.
  let title: String
  /// The same for a sentence with which its code ends the process.
  let running: Running
  /// What does the work.
  let component: Kind
  /// The path of its parameters: "backbone", "corrections.anchor".
  let path: String
  /// Whether it stays as it is: it then runs as in evaluation, on stored statistics, and records nothing of its
  /// own.
  let isFrozen: Bool
  /// The evidence that it has promised.
  let provides: [EvidenceKey]

  func run<Result>(_ pass: ForwardPass, _ body: (Kind, ForwardPass) throws -> Result) rethrows -> Result {
    try Profile.component(path) { try running { try body(component, isFrozen ? pass.frozen : pass) } }
  }
}
