import FERCore
import NeuralKit
import Support
import TensorKit

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

  /// What a step is made of.
  package struct Work {
    let batch: Batch
    let targets: Targets
    /// The names of the images, for a sentence.
    let ids: [String]
    /// Steps before this one.
    let step: Int
    let progress: TrainingProgress
    /// Whether what the model's parts deliver is looked at value by value.
    let isThorough: Bool

    package init(
      _ batch: Batch, _ targets: Targets, ids: [String], step: Int, at progress: TrainingProgress,
      isThorough: Bool = false
    ) {
      (self.batch, self.targets, self.ids) = (batch, targets, ids)
      (self.step, self.progress, self.isThorough) = (step, progress, isThorough)
    }
  }

  /// What a step found before it changed the weights.
  package struct Result {
    let loss: Double
    /// Before their weights, in the order of their names.
    let losses: [Objective.Part]
    /// Rows whose class the balanced distribution names.
    let correct: Int
    /// Rows whose class the head's distribution names.
    let primaryCorrect: Int
    /// All rows, in the order of the batch.
    let outcome: Outcome
  }

  /// Takes one step.
  /// - Throws: ``RunProblem`` where an image, the loss, a gradient or the learning rate is not finite, before the optimiser
  ///   changes anything; `ComponentFault` where a component delivers something else than it declared.
  @discardableResult package func callAsFunction(_ work: Work) throws -> Result {
    if let problem = work.batch.imageProblem(ids: work.ids) { throw notFinite(problem, work) }
    let learningRate = Running.of(schedule) {
      schedule.learningRate(base: optimizer.learningRate, at: work.progress)
    }
    guard learningRate.isFinite, learningRate >= 0 else {
      throw notFinite("\(Running.title(of: schedule)): the learning rate is \(learningRate)", work)
    }
    let found = try findGradients(work, isFirst: true)
    try Profile.component("optimizer", .update, remainder: "update") {
      try Running.of(optimizer) {
        try optimizer.step(trainable, learningRate: learningRate) {
          _ = try findGradients(work, isFirst: false)
        }
      }
      Gradients.clear(trainable)
      average?.update(from: model.store.all)
    }
    return found
  }

  /// Puts the gradients of the whole batch into the parameters, piece by piece.
  private func findGradients(_ work: Work, isFirst: Bool) throws -> Result {
    let count = work.batch.indices.count
    let pieces = pieces(of: count)
    var outcomes: [Outcome] = []
    var (loss, losses) = (0.0, [String: Float]())
    var names: [String] = []
    for rows in pieces {
      let isWhole = pieces.count == 1
      let piece = isWhole ? work.batch : work.batch.sliced(rows)
      let tape = Tape()
      var pass = ForwardPass.training(on: tape, seed: seed, step: work.step)
      pass.updatesStatistics = isFirst
      pass.firstRow = piece.firstRow
      let (outcome, value): (Outcome, Objective.Value)
      do {
        outcome = try model(piece.images, pass, isThorough: work.isThorough)
        value = try model.objective(
          outcome, against: isWhole ? work.targets : work.targets.sliced(rows), pass,
          piece: .init(rows: rows, of: work.targets), isThorough: work.isThorough)
      } catch let fault as ComponentFault where fault.isNonFinite {
        throw notFinite(brokenParameter ?? "\(fault)", work)
      }
      guard value.total.item.isFinite else {
        let parts = value.losses.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        let culprit = (brokenParameter ?? culprit(piece.images)).map { "; " + $0 } ?? ""
        throw notFinite("the loss is \(value.total.item) (\(parts))" + culprit, work)
      }
      tape.backward(from: value.total)
      for parameter in trainable {
        let new = tape.takeGradient(for: ObjectIdentifier(parameter))
        let old = rows.lowerBound == 0 ? nil : parameter.gradient
        parameter.gradient = old.flatMap { old in new.map { old + $0 } ?? old } ?? new
      }
      outcomes.append(outcome)
      loss += Double(value.total.item)
      names = value.losses.map(\.name)
      for part in value.losses { losses[part.name, default: 0] += part.value }
    }
    try Profile.component("optimizer", .update, remainder: "check and clip") {
      // A norm is finite where all numbers are: it is summed in double precision.
      let limit = options.gradientClip > 0 ? Double(options.gradientClip) : .infinity
      let norm = Gradients.clip(trainable, toNorm: limit)
      if !norm.isFinite, let bad = Gradients.firstNonFinite(in: trainable) {
        let words = "the gradient of \(bad.parameter.name) holds \(bad.count) numbers that are not finite"
        throw notFinite(words, work)
      }
    }
    let outcome = Outcome.joined(outcomes)
    let correct = { (distribution: Tensor) in
      zip(distribution.argmax(), work.targets.labels).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    }
    return Result(
      loss: loss, losses: names.map { .init(name: $0, value: losses[$0] ?? 0) },
      correct: correct(outcome.final), primaryCorrect: correct(outcome.primary), outcome: outcome)
  }

  /// The first parameter or buffer of the model that holds numbers that are not finite.
  var brokenParameter: String? {
    model.store.all.lazy.map { ($0.name, $0.value.nonFiniteCount) }.first { $1 > 0 }
      .map { "\($0) holds \($1) numbers that are not finite" }
  }

  /// Which part of the model delivers numbers that are not finite, as far as a prediction of the same images tells.
  private func culprit(_ images: Tensor) -> String? {
    do {
      _ = try model(images, .evaluation, isThorough: true)
      return nil
    } catch { return "\(error)" }
  }

  /// The rows of each piece. A single row at the end joins the piece before it: a batch norm cannot work with one.
  private func pieces(of count: Int) -> [Range<Int>] {
    let size = options.microBatch > 0 ? options.microBatch : count
    var starts = Array(stride(from: 0, to: count, by: max(1, size)))
    if starts.count > 1, count - starts[starts.count - 1] == 1 { starts.removeLast() }
    return starts.indices.map { starts[$0]..<($0 + 1 < starts.count ? starts[$0 + 1] : count) }
  }

  private func notFinite(_ what: String, _ work: Work) -> RunProblem {
    .failure(
      "step \(work.step + 1), epoch \(work.progress.epoch + 1): \(what); nothing was changed by this step. "
        + "A lower learning rate or gradientClip may help.\n  images of the batch: \(work.ids.listed(atMost: 64))"
    )
  }
}

extension Batch {
  /// What is wrong with the values of its images, an augmentation's or a dataset's doing; nil where nothing is.
  /// - Parameter ids: the names of its samples.
  func imageProblem(ids: [String]) -> String? {
    guard !images.isFinite else { return nil }
    let rows = ids.indices.lazy.map { row in
      images.sliced(along: 0, from: row * viewCount, count: viewCount).nonFiniteCount
    }
    return rows.enumerated().first { $1 > 0 }.map { row, count in
      "the image \(ids[row]) holds \(count) numbers that are not finite"
    }
  }
}
