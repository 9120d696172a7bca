import NeuralKit
import TensorKit

/// image -> backbone and landmarks -> encoder -> (reduction) -> head -> corrections -> balance -> outcome.
public final class ExpressionModel {
  /// The class names, in the order of every distribution.
  public let classes: [String]
  /// All parameters and buffers.
  public let store: ParameterStore
  /// The losses it is trained by.
  public let objective: Objective
  /// The names of its correction terms, in their order.
  public var correctionNames: [String] { parts.corrections.map(\.name) }
  private let parts: ModelParts

  init(classes: [String], store: ParameterStore, parts: ModelParts, objective: Objective) {
    (self.classes, self.store, self.parts, self.objective) = (classes, store, parts, objective)
  }

  /// - Parameter images: `[N, size, size, 3]`, normalised. From the embedding on, all is computed in 32-bit floats.
  public func callAsFunction(_ images: Tensor, _ pass: ForwardPass) -> Outcome {
    let image = parts.backbone.run(pass) { $0.features(of: images, $1) }
    let landmarks = parts.landmarks?.run(pass) { $0.landmarks(of: images, wantsPoints: false, $1) }
    let encoded = parts.encoder.run(pass) { $0.encode(image: image, landmarks: landmarks, $1) }
    let pass = pass.inFloat32
    let embedding =
      parts.reduction.map { layer in
        Profile.component("reduction") { layer(encoded, pass) }
      } ?? encoded  // [N, D]
    let scores = parts.head.run(pass) { $0.classify(embedding, $1) }
    let primary = scores.logits.softmax(along: -1)  // [N, C]
    let prediction = Prediction(embedding: embedding, distribution: primary)
    let terms = parts.corrections.map { term in
      (name: term.name, correction: term.run(pass) { $0.correct(prediction, $1) })
    }
    let final = Profile.component("balance") {
      Tensor.balanced(primary, with: terms.map(\.correction.distribution))  // [N, C]
    }
    return Outcome(embedding: embedding, head: scores, primary: primary, terms: terms, final: final)
  }
}
