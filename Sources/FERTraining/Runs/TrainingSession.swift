import FERCore
import FERData
import Foundation
import NeuralKit
import Support
import TensorKit

/// A run from the outside: makes or takes up its folder, then trains in it. Where several processes train together, rank 0
/// alone does what is done to the folder.
package struct TrainingSession {
  private let recipe: Recipe
  private let path: String
  private let console: Console
  private let report: ReportWriter
  private let goesOnAnyway: Bool
  private let ranks: any Collective

  /// - Parameter path: the run's folder.
  /// - Parameter anyway: whether a run is resumed also where recipe or data have changed so that it becomes another one.
  /// - Parameter ranks: who trains with this process.
  package init(
    _ recipe: Recipe, in path: String, anyway: Bool = false, console: Console, report: @escaping ReportWriter,
    ranks: any Collective = SingleProcess()
  ) {
    (self.recipe, self.path, self.console, self.report) = (recipe, path, console, report)
    (goesOnAnyway, self.ranks) = (anyway, ranks)
  }

  /// Looks at the folder, before any image is read.
  /// - Parameter resuming: whether a run is expected there.
  /// - Returns: how to go on with the run that lies there; nil where one is to be started.
  /// - Throws: ``RunProblem`` where the folder holds something else than expected, or a run of another recipe; where ranks
  ///   are not alike.
  package func plan(resuming: Bool) throws -> ResumePlan? {
    try SharedFact.require(SharedFact.ofStart(recipe), on: ranks)
    guard try ranks.decided({ try findsRun(resuming: resuming) }) else { return nil }
    var plan = try ResumePlan(recipe, in: path, anyway: goesOnAnyway)
    // While another process trains in it, or where a folder is seen late, ranks may find other checkpoints.
    plan.isComplete = try ranks.decided { [plan] in plan.isComplete }
    return plan
  }

  /// Whether there is a run to go on with.
  private func findsRun(resuming: Bool) throws -> Bool {
    guard resuming else {
      try RunFolder.requireNew(path)
      return false
    }
    switch RunPlace(at: path) {
    case .run: return true
    case .begun:
      console.line("\(path.printable): the run there ended before its first checkpoint; it begins anew")
      return false
    case .free:
      throw RunProblem.request(
        "\(path.printable): there is no run to resume here; leave out --resume to start one")
    case .taken(let why):
      throw RunProblem.request("\(path.printable): there is no run to resume here: it \(why)")
    }
  }

  /// Trains in a new folder.
  package func start(
    train: any BatchSource, validation: (any BatchSource)?, steps: Int? = nil, epochs: Int? = nil,
    witness: MetricsWitness? = nil
  ) throws -> Trainer.End {
    let folder = try opened {
      let folder = try RunFolder.create(path)
      try AtomicFile.write(Environment.current.text(for: recipe), to: folder.file("environment.json"))
      try AtomicFile.write(recipe.text, to: folder.file("recipe.json5"))
      return folder
    }
    return try run(folder, train, validation, Trainer.Limits(steps: steps, epochs: epochs), witness)
  }

  /// Goes on in a folder that exists.
  /// - Throws: ``RunProblem`` where the data have changed meanwhile.
  package func resume(
    _ plan: ResumePlan, train: any BatchSource, validation: (any BatchSource)?, steps: Int? = nil
  ) throws -> Trainer.End {
    var plan = plan
    let folder = try opened {
      let folder = try RunFolder.resume(path)
      try plan.compareData(train: train, validation: validation)
      return folder
    }
    plan.hasOtherData = try ranks.decided { [plan] in plan.hasOtherData }
    plan.doubts.forEach(console.warn)
    for change in plan.allowed { console.line("changed: \(change)") }
    for change in plan.refused.prefix(20) { console.warn("changed: \(change)") }
    return try run(folder, train, validation, Trainer.Limits(steps: steps), resuming: plan)
  }

  /// The run's folder: what `open` makes ready on rank 0, which has it for itself as long as it lives.
  private func opened(_ open: () throws -> RunFolder) throws -> RunFolder {
    let folder = ranks.rank == 0 ? try open() : RunFolder.ofAnother(path)
    try ranks.barrier()
    return folder
  }

  private func run(
    _ folder: RunFolder, _ train: any BatchSource, _ validation: (any BatchSource)?, _ limits: Trainer.Limits,
    _ witness: MetricsWitness? = nil, resuming plan: ResumePlan? = nil
  ) throws -> Trainer.End {
    if !folder.isLocked, WritePermits.permit(for: path) == nil {
      console.warn(
        "\(path.printable): its file system has no locks, so nothing keeps a second process from training in it"
      )
    }
    let trainer = try Trainer(
      recipe, train: train, validation: validation, in: folder, limits: limits,
      takesOtherData: plan?.hasOtherData == true, console: console, report: report, witness: witness,
      ranks: ranks)
    defer { console.clearBar() }
    if let plan, ranks.rank == 0 {
      try plan.keep()
      if plan.hasOtherRecipe {
        try AtomicFile.write(recipe.text, to: folder.file("recipe.json5"))
        if plan.refused.isEmpty { try trainer.store.restateBest() }
      }
      // What is trained on from here on is what the next resuming has to find.
      if plan.hasOtherData { unlink(folder.file(DataFingerprint.name)) }
      trainer.tellPosition()
    }
    return try trainer.run()
  }

  /// Keys whose values differ, apart from those that cannot change a run's results.
  package static func differences(from old: Recipe, to new: Recipe) -> [String] {
    JSONValue.changes(from: old.effective, to: new.effective, besides: RecipeChanges.ofNoNumber)
  }
}

/// A few batches through everything: train, save, load, resume, validate. For any recipe, at full model size.
package struct SmokeTest {
  /// What it found.
  package struct Result: Sendable {
    /// Milliseconds per image of a training step.
    package var trainingTime: Double
    /// Milliseconds per image of a prediction.
    package var predictionTime: Double
    /// The largest memory held, in megabytes.
    package var peakMemory: Int?
    /// Images in a batch.
    package var batch: Int
    /// Numbers that training changes.
    package var parameters: Int

    /// For people.
    package var summary: String {
      "smoke test passed: \(parameters) trainable numbers; \(trainingTime.rounded(places: 1)) ms per image to train, "
        + "\(predictionTime.rounded(places: 1)) ms per image to predict (batches of \(batch)); "
        + "peak memory \(peakMemory.map { "\($0) MB" } ?? "unknown")"
    }
  }

  private static let (batches, largestBatch) = (3, 8)

  /// Runs it in a new folder.
  /// - Throws: what training throws, or ``RunProblem`` where the resumed half does not fit the first.
  package static func run(
    _ recipe: Recipe, train: any BatchSource, validation: (any BatchSource)?, in path: String,
    console: Console, report: @escaping ReportWriter
  ) throws -> Result {
    var options = recipe.training
    options.epochs = 1
    options.batch = min(options.batch, largestBatch)
    options.validationBatch = options.batch
    let images = Excerpt(of: train, count: batches * options.batch)
    let judged = validation.map { Excerpt(of: $0, count: options.batch) }
    let folder = try RunFolder.create(path)
    try AtomicFile.write(recipe.text, to: folder.file("recipe.json5"))
    let part = { (steps: Int?) in
      try Trainer(
        recipe, options: options, train: images, validation: judged, in: folder,
        limits: Trainer.Limits(steps: steps, batchesPerEpoch: batches, checksEveryStep: true),
        console: console, report: report)
    }
    _ = try part(1).run()
    let start = Clock.seconds
    let second = try part(nil)
    let first = Clock.seconds
    guard try second.run() == .finished else { throw RunProblem.failure("the smoke test was interrupted") }
    console.line("loading took \((first - start).rounded(places: 1)) s")
    let times = try measure(second, images, options)
    return Result(
      trainingTime: times.training, predictionTime: times.prediction, peakMemory: Environment.peakMemory,
      batch: options.batch, parameters: second.model.store.trainable.reduce(0) { $0 + $1.count })
  }

  /// One more step and one more prediction, with everything warm.
  private static func measure(
    _ trainer: Trainer, _ images: Excerpt, _ options: TrainingOptions
  ) throws -> (training: Double, prediction: Double) {
    let wanted = BatchRequest(order: Array(images.samples.indices), batchSize: options.batch, epoch: 0)
    guard let batch = try images.stream(wanted).next(), batch.indices.count > 1 else {
      throw RunProblem.failure("the smoke test needs at least 2 readable images")
    }
    let perImage = 1000 / Double(batch.indices.count)
    let start = Clock.seconds
    let ids = batch.indices.map { images.samples[$0].id }
    try trainer.step(
      TrainingStep.Work(
        batch, try trainer.labels.targets(for: batch), ids: ids, step: trainer.state.step,
        at: TrainingProgress(position: 0, epochs: 1)))
    let middle = Clock.seconds
    _ = try Evaluator(trainer.model, batchSize: options.batch).predict(batch.images, ids: ids)
    return ((middle - start) * perImage, (Clock.seconds - middle) * perImage)
  }
}
