import NeuralKit
import TensorKit

/// image -> backbone and landmarks -> encoder -> (reduction) -> head -> corrections -> balance -> outcome.
public final class ExpressionModel {
  /// The class names, in the order of every distribution.
  public let classes: [String]
  /// All parameters and buffers.
  public let store: ParameterStore
  /// The losses it is trained by.
  package let objective: Objective
  /// The names of its correction terms, in their order.
  package var correctionNames: [String] { parts.corrections.map(\.name) }
  private let parts: ModelParts
  private let views: ViewFolding
  /// Whether, outside of training, it looks at an image and at its mirror image.
  private let flipsAtTestTime: Bool

  init(
    classes: [String], store: ParameterStore, parts: ModelParts, views: ViewFolding, objective: Objective,
    flipsAtTestTime: Bool
  ) {
    (self.classes, self.store, self.parts, self.views) = (classes, store, parts, views)
    (self.objective, self.flipsAtTestTime) = (objective, flipsAtTestTime)
  }

  /// - Parameter images: `[N·V, size, size, 3]`, normalised. From the embedding on, all is computed in 32-bit floats.
  /// - Parameter isThorough: whether values are looked at too, not only shapes.
  /// - Throws: ``ComponentFault`` where a part delivers something else than it declared.
  public func callAsFunction(_ images: Tensor, _ pass: ForwardPass, isThorough: Bool = false) throws
    -> Outcome
  {
    let plain = try outcome(of: images, pass, isThorough: isThorough)
    guard flipsAtTestTime, !pass.isTraining else { return plain }
    let mirrored = try outcome(of: TestTimeFlip.mirrored(images), pass, isThorough: isThorough)
    return TestTimeFlip.averaged(plain, with: mirrored)
  }

  /// What it says of the images as they are.
  private func outcome(of images: Tensor, _ pass: ForwardPass, isThorough: Bool) throws -> Outcome {
    let check = OutputCheck(
      rows: images.shape[0] / views.count, views: views.count, classCount: classes.count,
      isThorough: isThorough)
    pass.witness?.begin()
    let image = parts.backbone.run(pass) { part, pass in views.pyramid(of: images, pass, part.features) }
    try check.pyramid(image, parts.backbone.component.levels, parts.backbone)
    pass.witness?.see(levels: image.levels)
    let landmarks = parts.landmarks?.run(pass) { part, pass in views.pyramid(of: images, pass, part.landmarks)
    }
    if let landmarks, let part = parts.landmarks { try check.pyramid(landmarks, part.component.levels, part) }
    let encoded = parts.encoder.run(pass) { $0.encode(image: image, landmarks: landmarks, $1) }
    try check.encoding(encoded, size: parts.encoder.component.embeddingSize, parts.encoder)
    let pass = pass.inFloat32
    let embedding = settled(encoded.embedding, pass)  // [N, D]
    let noticed = views.folded(image.evidence.adding(landmarks?.evidence ?? [:])).adding(encoded.evidence)
    let scores = parts.head.run(pass) { $0.classify(Encoding(embedding: embedding, evidence: noticed), $1) }
    try check.head(scores, parts.head)
    let primary = scores.logits.softmax(along: -1)  // [N, C]
    var evidence = noticed.adding(scores.evidence)
    let prediction = Prediction(embedding: embedding, distribution: primary, evidence: evidence)
    let terms = try parts.corrections.map { part in
      let term = part.run(pass) { $0.correct(prediction, $1) }
      try check.correction(term, part)
      evidence = evidence.adding(term.evidence)
      return Outcome.Term(name: part.name, distribution: term.distribution)
    }
    let final = Profile.component("balance") {
      Tensor.balanced(primary, with: terms.map(\.distribution))  // [N, C]
    }
    return Outcome(
      embedding: embedding, logits: scores.logits, primary: primary, terms: terms, final: final,
      evidence: evidence)
  }

  /// The embedding as head and corrections see it: reduced and standardised, where the recipe asks for it.
  private func settled(_ embedding: Tensor, _ pass: ForwardPass) -> Tensor {
    Profile.component("reduction") {
      let reduced = parts.reduction.map { $0(embedding, pass) } ?? embedding
      return parts.standardization.map { $0(reduced, pass) } ?? reduced
    }
  }
}
