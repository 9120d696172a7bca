import FERCore
import NeuralKit
import TensorKit
import Support

/// One step: forward, losses, backward, clipping, optimiser, average.
package struct TrainingStep {
  let model: ExpressionModel
  let optimizer: any Optimizer
  let schedule: any Schedule
  let average: WeightAverage?
  let options: TrainingOptions
  let seed: UInt64
  private let trainable: [Parameter]

  package init(
    model: ExpressionModel, optimizer: any Optimizer, schedule: any Schedule, average: WeightAverage?,
    options: TrainingOptions, seed: UInt64
  ) {
    (self.model, self.optimizer, self.schedule, self.average) = (model, optimizer, schedule, average)
    (self.options, self.seed) = (options, seed)
    trainable = model.store.trainable
  }

  /// What a step found before it changed the weights.
  package struct Result {
    let loss: Double
    let losses: [(name: String, value: Float)]
    let correct: Int
    let learningRate: Float
  }

  /// Takes one step.
  /// - Parameter step: the number of steps before this one.
  /// - Throws: ``RunProblem`` where loss or gradient is not finite, before the optimiser changes anything.
  package func callAsFunction(_ batch: LabelledBatch, step: Int, at progress: TrainingProgress) throws
    -> Result
  {
    let learningRate = schedule.learningRate(base: optimizer.learningRate, at: progress)
    let found = try findGradients(batch, step: step, at: progress, isFirst: true)
    try Profile.component("optimizer", .update, remainder: "update") {
      try optimizer.step(trainable, learningRate: learningRate) {
        _ = try findGradients(batch, step: step, at: progress, isFirst: false)
      }
      Gradients.clear(trainable)
      average?.update(from: model.store.all)
    }
    let correct = zip(found.outcome.final.argmax(), batch.labels).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    return Result(
      loss: Double(found.value.total.item), losses: found.value.losses, correct: correct,
      learningRate: learningRate)
  }

  private func findGradients(
    _ batch: LabelledBatch, step: Int, at progress: TrainingProgress, isFirst: Bool
  ) throws -> (outcome: Outcome, value: Objective.Value) {
    let tape = Tape()
    let share = Float(progress.position / Double(max(1, progress.epochs)))
    var pass = ForwardPass.training(on: tape, seed: seed, step: step, progress: share)
    pass.updatesStatistics = isFirst
    let outcome = model(batch.images, pass)
    let value = model.objective(outcome, against: batch.targets, pass)
    guard value.total.item.isFinite else {
      let parts = value.losses.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
      throw notFinite("the loss is \(value.total.item) (\(parts))", batch, step, progress)
    }
    tape.backward(from: value.total)
    for parameter in trainable { parameter.gradient = tape.takeGradient(for: ObjectIdentifier(parameter)) }
    try Profile.component("optimizer", .update, remainder: "check and clip") {
      if let bad = Gradients.firstNonFinite(in: trainable) {
        let words = "the gradient of \(bad.parameter.name) holds \(bad.count) numbers that are not finite"
        throw notFinite(words, batch, step, progress)
      }
      if options.gradientClip > 0 { Gradients.clip(trainable, toNorm: Double(options.gradientClip)) }
    }
    return (outcome, value)
  }

  private func notFinite(
    _ what: String, _ batch: LabelledBatch, _ step: Int, _ progress: TrainingProgress
  ) -> RunProblem {
    .failure(
      "step \(step + 1), epoch \(progress.epoch + 1): \(what); nothing was changed by this step. "
        + "A lower learning rate or gradientClip may help.\n  images of the batch: \(batch.ids.listed(atMost: 64))"
    )
  }
}
