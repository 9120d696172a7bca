import FERCore
import FERData
import Foundation
import NeuralKit
import TensorKit
import Support

// What happens between two epochs, and after the last.
extension Trainer {
  /// Validates, notes what the epoch brought, keeps the best weights, writes a checkpoint.
  /// - Returns: nil where training goes on; nothing is noted where a signal came meanwhile, and the epoch's end
  ///   will be worked through again when the run is resumed.
  func closeEpoch() throws -> End? {
    let number = state.epoch + 1
    // The last step may have spoiled the weights; a validation would blame the first part that shows it.
    if let problem = step.brokenParameter {
      throw RunProblem.failure(
        "step \(state.step), epoch \(number): \(problem); the last checkpoint stays as it was")
    }
    let isDue = options.validates(after: number)
    var (evaluation, timing) = (Evaluation?.none, OrderedObject())
    do {
      if isDue, let validation { (evaluation, timing) = try validated(on: validation, number) }
    } catch let stop as InterruptedBySignal {
      try save()
      return .interrupted(signal: stop.signal)
    }
    try note(epochLine(number), timing: epochTiming)
    try warn(of: evaluation?.problems ?? [])
    if let evaluation { try note(validationLine(evaluation, number), timing: timing) }
    console.line(summary(number, evaluation))
    for problem in evaluation?.balanceProblems ?? [] { console.warn(problem) }
    if isDue { try keepBest(number, evaluation) }
    state.epoch = number
    state.batch = 0
    state.skipped = []
    state.sums = EpochSums()
    try save()
    return nil
  }

  /// Evaluates with the averaged weights, where there are any.
  /// - Returns: what came out, and a line for timings.jsonl.
  private func validated(
    on source: some BatchSource, _ number: Int
  ) throws -> (Evaluation, timing: OrderedObject) {
    let start = Clock.seconds
    let evaluation = try withAverage {
      try Evaluator(model, batchSize: options.validationBatch, metrics: recipe.registry.metrics).evaluate(
        source, on: ranks
      ) { done in
        // Of this rank's share; the others are about as far.
        let done = min(done * ranks.size, source.samples.count)
        console.progress("validation", share: Double(done) / Double(max(1, source.samples.count))) {
          "\((Double(done) / max(Clock.seconds - start, 1e-9)).rounded(places: 0)) images/s"
        }
        if let signal = StopSignal.received { throw InterruptedBySignal(signal: signal) }
      }
    }
    var timing = RunLog.timing("validation", step: state.step)
    timing.add("epoch", number)
    timing.add("seconds", Clock.seconds - start)
    return (evaluation, timing)
  }

  private func withAverage<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard let average else { return try body() }
    return try average.whileSwappedIn(to: model.store.all, body)
  }

  private func keepBest(_ number: Int, _ evaluation: Evaluation?) throws {
    // Without validation images the latest weights are the best there are.
    let score = evaluation.map { $0.score(options.best, recipe.registry.metrics) } ?? Double(number)
    guard let score, state.best.map({ score > $0.score }) ?? true else { return }
    if writes { try withAverage { try store.saveBest(model, evaluation?.object ?? OrderedObject()) } }
    state.best = BestSoFar(score: score, epoch: number)
  }

  /// Evaluates the best weights once more and writes predictions and report.
  /// - Throws: ``InterruptedBySignal`` where a signal comes before that is done; a resumed run does it again.
  func writeResults() throws {
    let values = model.store.all.map(\.value)
    defer { for (parameter, value) in zip(model.store.all, values) { parameter.value = value } }
    if writes, FileSystem.exists(store.best) {
      try WeightFile(store.best).load(into: model.store.all)
    }
    // Where folders are shared over a network, others may not see yet what was written.
    try ranks.share(model.store.all)
    let remarks = writes ? labels.remarks : []
    for table in remarks { try AtomicFile.write(table.csv, to: folder.file(table.stem + ".csv")) }
    if !remarks.isEmpty { try folder.keep(remarks) }
    guard let validation else {
      if writes { try report(FinishedRun(nil, in: folder, of: recipe, remarks: remarks)) }
      return
    }
    let evaluation = try Evaluator(
      model, batchSize: options.validationBatch, metrics: recipe.registry.metrics
    ).evaluate(validation, on: ranks, keepsEmbeddings: true) { _ in
      if let signal = StopSignal.received { throw InterruptedBySignal(signal: signal) }
    }
    guard writes else { return }
    try AtomicFile.write(evaluation.set.predictionTable, to: folder.file("predictions.csv"))
    try report(
      FinishedRun(evaluation, in: folder, of: recipe, remarks: remarks, image: validation.image(of:)))
  }

  private func summary(_ number: Int, _ evaluation: Evaluation?) -> String {
    let loss = (state.sums.loss / Double(max(1, state.sums.images))).rounded(places: 4)
    let accuracy = (100 * Double(state.sums.correct) / Double(max(1, state.sums.images))).rounded(places: 1)
    var text = "epoch \(number)/\(options.epochs): loss \(loss), training accuracy \(accuracy)%"
    if let evaluation {
      let percent = { (value: Double?) in value.map { (100 * $0).rounded(places: 2) + "%" } ?? "undefined" }
      text +=
        "; validation: primary \(percent(evaluation.primary.accuracy)), "
        + "corrected \(percent(evaluation.corrected.accuracy))"
      for score in evaluation.scores.dropFirst().dropLast() {
        text +=
          "; \(score.name) alone \(percent(score.accuracy)), NLL \(score.negativeLogLikelihood.rounded(places: 3)), "
          + "deviation \(score.deviation.rounded(places: 3))"
      }
    }
    return text
  }
}

/// A signal came during validation.
struct InterruptedBySignal: Error { let signal: Int32 }

extension Evaluation {
  /// The number that chooses the best checkpoint, larger is better; nil where it is undefined.
  /// - Parameter name: of one of `metrics`, or "loss".
  func score(_ name: String, _ metrics: [Metric]) -> Double? {
    guard name != TrainingOptions.bestByLoss, let metric = metrics.first(where: { $0.name == name }) else {
      return loss.map { -$0 }
    }
    let value = metric.value(set)
    return metric.better == .higher ? value : value.map { -$0 }
  }
}
