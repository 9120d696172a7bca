import FERCore
import NeuralKit
import Support

// What training notes in metrics.jsonl: the same run has the same bytes.
extension Trainer {
  /// What a step found in its batch, before it changed the weights.
  func stepLine(_ result: TrainingStep.Result, images: Int, at position: TrainingProgress) -> OrderedObject {
    var line = beginning("step", epoch: state.epoch + 1)
    line.add("images", images)
    line.add("learningRate", learningRate(at: position))
    line.add("loss", result.loss)
    line.add(
      "losses",
      .object(
        Dictionary(result.losses.map { ($0.name, JSONValue.number(Double($0.value))) }) { first, _ in first }
      ))
    addAccuracies(result.primaryCorrect, result.correct, of: images, to: &line)
    return line
  }

  /// Means over the images of an epoch, each as it was in its step, and the learning rate of the first step.
  func epochLine(_ number: Int) -> OrderedObject {
    let count = Double(max(1, state.sums.images))
    var line = beginning("epoch", epoch: number)
    line.add("images", state.sums.images)
    line.add(
      "learningRate",
      learningRate(at: TrainingProgress(position: Double(number - 1), epochs: options.epochs)))
    line.add("loss", state.sums.loss / count)
    line.add("losses", .object(state.sums.losses.mapValues { JSONValue.number($0 / count) }))
    line.add("accuracy", Double(state.sums.correct) / count)
    addAccuracies(state.sums.primaryCorrect, state.sums.correct, of: state.sums.images, to: &line)
    return line
  }

  /// What the model is worth on the validation images after an epoch.
  func validationLine(_ evaluation: Evaluation, _ number: Int) -> OrderedObject {
    var line = beginning("validation", epoch: number)
    line.add("images", evaluation.corrected.total)
    line.add("loss", evaluation.loss)
    line.add("primary", evaluation.primary.json(classes: evaluation.set.classes))
    line.add("corrected", evaluation.corrected.json(classes: evaluation.set.classes))
    evaluation.addScores(to: &line)
    return line
  }

  private func beginning(_ event: String, epoch: Int) -> OrderedObject {
    var line = OrderedObject()
    line.add("event", event)
    line.add("epoch", epoch)
    line.add("step", state.step)
    return line
  }

  private func learningRate(at position: TrainingProgress) -> Double {
    Double(step.schedule.learningRate(base: step.optimizer.learningRate, at: position))
  }

  private func addAccuracies(
    _ primary: Int?, _ corrected: Int, of images: Int, to line: inout OrderedObject
  ) {
    for (name, correct) in [("primary", primary), ("corrected", corrected)] {
      var scores = OrderedObject()
      scores.add("accuracy", correct.map { Double($0) / Double(max(1, images)) })
      line.add(name, scores)
    }
  }
}

/// Where the time of the steps since the last noted one went.
struct StepTimes {
  private var (steps, data, compute) = (0, 0.0, 0.0)

  /// Adds a step: seconds that it waited for its batch, and seconds that it computed.
  mutating func add(data: Double, compute: Double) {
    steps += 1
    self.data += data
    self.compute += compute
  }

  /// The means, as a line for timings.jsonl; begins anew.
  mutating func takeLine(step: Int) -> OrderedObject {
    var line = RunLog.timing("step", step: step)
    line.add("data", data / Double(max(1, steps)))
    line.add("compute", compute / Double(max(1, steps)))
    self = StepTimes()
    return line
  }
}
