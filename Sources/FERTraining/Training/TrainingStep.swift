import FERCore
import FERData
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
  /// What this process has of every batch.
  let part: BatchPart
  private let trainable: [Parameter]

  /// - Parameter collective: the processes that share every batch, each with the same model.
  package init(
    model: ExpressionModel, optimizer: any Optimizer, schedule: any Schedule, average: WeightAverage?,
    options: TrainingOptions, seed: UInt64, over collective: any Collective = SingleProcess()
  ) {
    (self.model, self.optimizer, self.schedule, self.average) = (model, optimizer, schedule, average)
    (self.options, self.seed, part) = (options, seed, BatchPart(options, of: collective))
    trainable = model.store.trainable
  }

  /// What a step is made of.
  package struct Work {
    /// The images of this process: its part of each piece, one piece's behind the other's.
    let batch: Batch
    /// Of the whole step, whoever has the images.
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
    /// Rows of all processes whose class the balanced distribution names.
    let correct: Int
    /// Rows of all processes whose class the head's distribution names.
    let primaryCorrect: Int
    /// All rows of this process, in the order of its batch.
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

  private func findGradients(_ work: Work, isFirst: Bool) throws -> Result {
    do { return try gradients(of: work, isFirst: isFirst) } catch let fault as CollectiveFault {
      throw RunProblem.failure("step \(work.step + 1), epoch \(work.progress.epoch + 1): \(fault)")
    }
  }

  /// Puts the gradients of the whole batch into the parameters, piece by piece. Pieces are shards, and add up as shards
  /// do.
  private func gradients(of work: Work, isFirst: Bool) throws -> Result {
    let count = work.targets.labels.count
    let ranks = part.ranks(sharing: count), pieces = StepPiece.all(of: count, in: part)
    var outcomes: [Outcome] = []
    let sums = try Shards(pieces.count, shards: pieces.count).sum({ piece in
      let (outcome, sums) = try self.sums(of: pieces[piece], work, on: ranks, isFirst: isFirst)
      outcomes.append(outcome)
      return sums
    }) { $0.add($1) }
    for (parameter, gradient) in zip(trainable, sums?.gradients ?? []) { parameter.gradient = gradient }
    try Profile.component("optimizer", .update, remainder: "check and clip") {
      // A norm is finite where all numbers are: it is summed in double precision.
      let limit = options.gradientClip > 0 ? Double(options.gradientClip) : .infinity
      let norm = Gradients.clip(trainable, toNorm: limit)
      if !norm.isFinite, let bad = Gradients.firstNonFinite(in: trainable) {
        let words = "the gradient of \(bad.parameter.name) holds \(bad.count) numbers that are not finite"
        throw notFinite(words, work)
      }
    }
    let outcome = Outcome.joined(outcomes), labels = pieces.flatMap { work.targets.labels[$0.rows] }
    let correct = [outcome.final, outcome.primary].map { distribution in
      Float(zip(distribution.argmax(), labels).count { $0 == $1 })
    }
    let losses = sums?.losses ?? [], counts = try ranks.summed(correct)
    return Result(
      loss: Double(Objective.total(losses)), losses: losses, correct: Int(counts[0]),
      primaryCorrect: Int(counts[1]), outcome: outcome)
  }

  /// What a piece adds to the step, on all processes.
  private func sums(
    of piece: StepPiece, _ work: Work, on ranks: any Collective, isFirst: Bool
  ) throws -> (Outcome, StepSums) {
    let batch = work.batch.sliced(piece.own, firstRow: piece.rows.lowerBound)
    let tape = Tape()
    var pass = ForwardPass.training(on: tape, seed: seed, step: work.step)
    pass.updatesStatistics = isFirst
    pass.firstRow = batch.firstRow
    let (outcome, value): (Outcome, Objective.Value)
    do {
      outcome = try model(batch.images.of(piece.shards), pass, isThorough: work.isThorough)
      value = try model.objective(
        outcome, against: work.targets.sliced(piece.rows), pass,
        piece: .init(rows: piece.rows, of: work.targets), isThorough: work.isThorough)
    } catch let fault as ComponentFault where fault.isNonFinite {
      throw notFinite(brokenParameter ?? "\(fault)", work)
    }
    if let fault = piece.shards.fault { throw fault }
    // Every process learns of it and says the same, so that none waits for one that has ended, nor speaks before it.
    let isBroken = !value.total.item.isFinite
    let shared = try ranks.summed([isBroken ? 1 : 0] + value.losses.map(\.sum))
    if shared[0] > 0 {
      let own = isBroken ? ["\(notFinite(brokenLoss(value, batch.images), work))"] : []
      throw RunProblem.failure(try ranks.gathered(values: own).joined().first ?? "the loss is not finite")
    }
    tape.backward(from: value.total)
    var sums = StepSums(
      gradients: trainable.map { tape.takeGradient(for: ObjectIdentifier($0)) }, losses: value.losses)
    if let fault = piece.shards.fault { throw fault }
    try Gradients.sum(&sums.gradients, of: trainable, over: ranks)
    for index in sums.losses.indices { sums.losses[index].sum = shared[index + 1] }
    return (outcome, sums)
  }

  /// The first parameter or buffer of the model that holds numbers that are not finite.
  var brokenParameter: String? {
    model.store.all.lazy.map { ($0.name, $0.value.nonFiniteCount) }.first { $1 > 0 }
      .map { "\($0) holds \($1) numbers that are not finite" }
  }

  private func brokenLoss(_ value: Objective.Value, _ images: Tensor) -> String {
    let parts = value.losses.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    let culprit = (brokenParameter ?? culprit(images)).map { "; " + $0 } ?? ""
    return "the loss is \(value.total.item) (\(parts))" + culprit
  }

  /// Which part of the model delivers numbers that are not finite, as far as a prediction of the same images tells.
  private func culprit(_ images: Tensor) -> String? {
    do {
      _ = try model(images, .evaluation, isThorough: true)
      return nil
    } catch { return "\(error)" }
  }

  private func notFinite(_ what: String, _ work: Work) -> RunProblem {
    .failure(
      "step \(work.step + 1), epoch \(work.progress.epoch + 1): \(what); nothing was changed by this step. "
        + "A lower learning rate or gradientClip may help.\n  images of the batch: \(work.ids.listed(atMost: 64))"
    )
  }
}

extension Collective {
  fileprivate func summed(_ numbers: [Float]) throws -> [Float] {
    var sums = numbers
    try sums.withUnsafeMutableBufferPointer { try sum($0) }
    return sums
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
