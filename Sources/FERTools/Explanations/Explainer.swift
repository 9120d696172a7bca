import FERCore
import FERTraining
import NeuralKit
import TensorKit

/// Asks a model why.
///
/// The distributions are those of a pass as `predict` makes it. A second pass records what becomes of the image, so that
/// gradients lead back to every level of the backbone, of frozen parts too: they are gradients of activations, not of
/// parameters. Batch norms run on stored statistics in both.
package struct Explainer {
  private let model: ExpressionModel
  private let subject: Explanation.Subject
  private let neighbours: Int
  private let faces: TrainingFaces?

  /// - Parameter subject: the distribution that is explained; of a model without correction terms both are one.
  /// - Parameter neighbours: how many anchors, and how many training faces of each, are looked for.
  /// - Parameter faces: the training faces, where they are at hand.
  package init(
    _ model: ExpressionModel, subject: Explanation.Subject = .final, neighbours: Int = 5,
    faces: TrainingFaces? = nil
  ) {
    self.model = model
    self.subject = model.correctionNames.isEmpty ? .primary : subject
    (self.neighbours, self.faces) = (neighbours, faces)
  }

  /// - Parameter images: `[V, size, size, 3]`, the views of one image.
  /// - Parameter label: the class that is explained; nil for the one that the distribution puts first.
  /// - Throws: `ComponentFault`; ``RunProblem`` where a part shows a map of another shape than it may.
  package func explain(_ images: Tensor, id: String, label: Int? = nil) throws -> Explanation {
    let outcome = try model(images, .evaluation, isThorough: true)
    let row = outcome.evaluated(ids: [id])[0]
    let label = label ?? (subject == .final ? row.prediction : row.primaryPrediction)
    let (tape, witness) = (Tape(), PassWitness())
    let traced = try model(tape.watch(images), .evaluation.seen(by: witness))
    for level in witness.runs.flatMap(\.levels) { tape.keepGradient(of: level) }
    tape.backward(from: score(label, of: traced))
    let embedding = outcome.embedding.values
    return Explanation(
      row: row, subject: subject, label: label, score: score(label, of: outcome).item,
      levels: levels(of: witness.runs, tape),
      attention: try attention(of: witness.runs, views: images.shape[0]),
      anchors: NearAnchor.nearest(
        to: embedding, in: outcome.evidence, classCount: model.classes.count, count: neighbours, faces: faces),
      faces: faces?.nearest(to: embedding, count: neighbours) ?? [])
  }

  /// What is followed back, `[1, 1]`. Grad-CAM takes the score before the softmax; the balanced distribution has none, and
  /// the logarithm of a probability leads to the same map as the probability itself, but for a factor.
  private func score(_ label: Int, of outcome: Outcome) -> Tensor {
    let scores =
      subject == .primary ? outcome.logits : outcome.final.clamped(min: .leastNormalMagnitude).log()
    return scores.sliced(along: 1, from: label, count: 1)
  }

  /// The runs over an image and its mirror image speak together, each by its own gradient, place for place.
  private func levels(of runs: [PassWitness.Run], _ tape: Tape) -> [Explanation.Level] {
    runs[0].levels.indices.map { place in
      let sums = runs.enumerated().compactMap { turn, run -> Tensor? in
        let map = run.levels[place]
        guard let gradient = tape.gradient(of: map) else { return nil }
        let sum = GradCAM.weightedSum(of: map, gradient: gradient)
        return turn == 0 ? sum : sum.mirrored
      }
      let shape = runs[0].levels[place].shape
      return Explanation.Level(
        number: place + 1, size: PyramidLevel(height: shape[1], width: shape[2], channels: shape[3]),
        activation: sums.first.map { FaceMap(sums.dropFirst().reduce($0, +).relu()) })
    }
  }

  /// What parts let be seen, on the mean over an image and its mirror image.
  private func attention(of runs: [PassWitness.Run], views: Int) throws -> [Explanation.Attention] {
    try runs[0].maps.enumerated().map { place, shown in
      let all = runs.enumerated().compactMap { turn, run -> Tensor? in
        guard run.maps.indices.contains(place) else { return nil }
        return turn == 0 ? run.maps[place].map : run.maps[place].map.mirrored
      }
      let shape = shown.map.shape
      guard shape.count == 3, shape[0] == 1 || shape[0] == views, all.allSatisfy({ $0.shape == shape }) else {
        throw RunProblem.failure(
          "the map \"\(shown.name)\" that a part shows has shape \(shape), expected [\(views), h, w]")
      }
      return Explanation.Attention(
        name: shown.name, map: FaceMap(all.dropFirst().reduce(all[0], +) / Float(all.count)))
    }
  }
}
