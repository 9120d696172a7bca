import FERCore
import FERData
import Foundation
import NeuralKit
import TensorKit
import Support

/// Is told each line of metrics.jsonl as it is written; what it throws ends the training.
package typealias MetricsWitness = (String) throws -> Void

/// Trains a recipe's model in a run folder.
///
/// Everything that decides what comes next is in ``TrainingState``, the model, the optimiser and the average, and
/// all of it is in every checkpoint: a run that was interrupted anywhere ends with the same bits as one that was
/// not. Each random number depends on the seed and on what it is for, never on what ran before.
///
/// A last batch of one image is left out of an epoch: a batch norm cannot work with it.
///
/// Several processes may train together, each with a trainer of its own that goes the same way: every decision follows
/// from what all of them know. Rank 0 alone writes.
package final class Trainer {
  /// How a run ended.
  package enum End: Equatable, Sendable {
    /// All epochs are done.
    case finished
    /// They were done before.
    case alreadyFinished
    /// The wanted number of steps is done.
    case stoppedAtLimit(step: Int)
    /// A signal asked to stop.
    case interrupted(signal: Int32)
  }

  /// How much of the recipe to run.
  package struct Limits: Sendable {
    /// Stop with a checkpoint once this many steps are done in all.
    package var steps: Int?
    /// Stop once this many epochs are closed in all.
    package var epochs: Int?
    /// Leave out what an epoch has beyond this many batches.
    package var batchesPerEpoch: Int?
    /// Look at all that the model's parts deliver in every step, not only in the first.
    var checksEveryStep: Bool

    /// Limits; nil is none.
    package init(
      steps: Int? = nil, epochs: Int? = nil, batchesPerEpoch: Int? = nil, checksEveryStep: Bool = false
    ) {
      (self.steps, self.epochs) = (steps, epochs)
      self.batchesPerEpoch = batchesPerEpoch
      #if DEBUG
        self.checksEveryStep = true
      #else
        self.checksEveryStep = checksEveryStep
      #endif
    }
  }

  /// The model in training; after the run the last weights, not the best.
  package let model: ExpressionModel

  let recipe: Recipe
  let options: TrainingOptions
  let train: any BatchSource
  let validation: (any BatchSource)?
  let ranks: any Collective
  let folder: RunFolder
  let console: Console
  let store: CheckpointStore
  let average: WeightAverage?
  let step: TrainingStep
  var state = TrainingState()
  /// Nil where another rank writes.
  let log: RunLog?
  /// How long the epoch took that has just ended.
  var epochTiming = OrderedObject()
  let report: ReportWriter
  let labels: LabelPolicies
  private let limits: Limits
  private let witness: MetricsWitness?
  private let optimizer: any Optimizer
  private let hasResumed: Bool
  private var isFirstStep = true
  private var badImages: Set<ExactName> = []
  private var lastSave = Clock.seconds
  private var stepTimes = StepTimes()

  /// Builds the model, or takes up what the folder's last checkpoint holds.
  /// - Parameter options: the recipe's, or others in their place.
  /// - Parameter takesOtherData: whether a checkpoint counts that was trained on other data.
  /// - Parameter ranks: who trains with this process.
  package init(
    _ recipe: Recipe, options: TrainingOptions? = nil, train: any BatchSource, validation: (any BatchSource)?,
    in folder: RunFolder, limits: Limits = Limits(), takesOtherData: Bool = false, console: Console,
    report: @escaping ReportWriter, witness: MetricsWitness? = nil, ranks: any Collective = SingleProcess()
  ) throws {
    let options = options ?? recipe.training
    if let problem = BatchPart.problem(
      ranks: ranks.size, shards: options.shards, accumulate: options.accumulate, batch: options.batch,
      images: train.samples.count)
    {
      throw RunProblem.request("\(recipe.path.printable): \(problem)")
    }
    self.ranks = ranks
    labels = try LabelPolicies(of: recipe, for: train.samples)
    let digest = Self.digest(of: [train.samples, validation?.samples ?? []], and: labels.fingerprint)
    var store = CheckpointStore(folder: folder.checkpoints, recipe: recipe, dataDigest: digest)
    store.takesOtherData = takesOtherData
    let hasCheckpoint = [store.last, store.previous].contains { FileSystem.exists($0) }
    model = try recipe.buildModel(loadingWeights: !hasCheckpoint) { console.line($0) }
    optimizer = try recipe.makeOptimizer()
    average = options.ema > 0 ? WeightAverage(decay: Double(options.ema)) : nil
    let saved = try store.load(into: model, optimizer, average) { console.warn($0) }
    step = TrainingStep(
      model: model, optimizer: optimizer, schedule: try recipe.makeSchedule(),
      average: average, options: options, seed: recipe.seed, over: ranks)
    hasResumed = saved != nil
    state = saved ?? TrainingState()
    if let states = state.labels { labels.restore(states) }
    // Logs are cut back to the checkpoint: only those of a run that is still this process's.
    try WritePermits.permit(for: folder.path)?.confirm()
    log = ranks.rank == 0 ? RunLog(in: folder, at: state) { console.warn($0) } : nil
    (self.recipe, self.options, self.train, self.validation) = (recipe, options, train, validation)
    (self.folder, self.console, self.store, self.limits) = (folder, console, store, limits)
    (self.report, self.witness) = (report, witness)
    // Nobody writes before all have read what was there.
    try SharedFact.require(
      [.ofData(recipe, train: train, validation: validation, labels: labels.fingerprint), standing], on: ranks
    )
  }

  /// Whether this process writes the run's folder.
  var writes: Bool { ranks.rank == 0 }

  /// Trains until all epochs are done or something asks to stop.
  /// - Throws: ``RunProblem``, a `FileProblem` or a `DataProblem`; the last good checkpoint stays.
  package func run() throws -> End {
    if state.isFinished {
      guard state.epoch < options.epochs, !hasLostPatience else { return .alreadyFinished }
      state.isFinished = false
    }
    let fingerprint = startFingerprint()
    defer { fingerprint?.stop() }
    let end = try trainToEnd()
    if case .interrupted = end {
      // By it a resuming knows whether the data are still the same; most are read long before.
      fingerprint?.wait(atMost: 5)
      return end
    }
    do { try fingerprint?.wait() } catch { console.warn("\(error); the run goes on without it") }
    return end
  }

  /// Nil where a fingerprint lies there already: it tells of the files that the run began with.
  private func startFingerprint() -> FingerprintTask? {
    let path = folder.file(DataFingerprint.name)
    guard writes, !FileSystem.exists(path) else { return nil }
    let files = DataFingerprint.open(
      recipe, train: train, validation: validation, labels: labels.fingerprint)
    return FingerprintTask(files, writingTo: path)
  }

  private func trainToEnd() throws -> End {
    log?.begin()
    defer { log?.finish() }
    // The first checkpoint shows, before any work is done, that there is room for more.
    if !hasResumed { try save() }
    // What could be written to when training began is no wrong request later.
    do { return try trainEpochs() } catch let problem as FileProblem {
      throw RunProblem.failure("\(problem)")
    }
  }

  private func trainEpochs() throws -> End {
    try warn(of: train.problems + (validation?.problems ?? []))
    if state.epoch < options.epochs { warnOfMemory() }
    while state.epoch < options.epochs, !hasLostPatience {
      if let limit = limits.epochs, state.epoch >= limit { return .stoppedAtLimit(step: state.step) }
      if let end = try runEpoch() { return end }
      if let end = try closeEpoch() { return end }
    }
    do { try writeResults() } catch let stop as InterruptedBySignal {
      return .interrupted(signal: stop.signal)
    }
    // Before the run counts as finished, since nothing writes them afterwards.
    log?.writeTables()
    state.isFinished = true
    try save()
    return .finished
  }

  private func warnOfMemory() {
    let limits = MemoryLimits.current  // before the trial, which keeps what it took
    // What a component throws here it throws in the first step too, which tells the batch.
    let forecast = try? MemoryForecast(
      model, recipe, options, samples: train.samples.count, isFresh: !hasResumed, ranks: ranks.size)
    if let warning = forecast?.warning(within: limits) { console.warn(warning) }
  }

  /// Tells where a run goes on that is resumed.
  func tellPosition() {
    let isLeft = !state.isFinished || state.epoch < options.epochs
    if isLeft {
      console.line("resuming at step \(state.step), epoch \(state.epoch + 1) of \(options.epochs)")
    }
  }

  private func runEpoch() throws -> End? {
    let request = try requestForEpoch()
    let progress = EpochProgress(
      epoch: state.epoch, epochs: options.epochs, done: state.batch, request: request, console: console)
    let stream = try train.stream(request)
    while state.batch < request.batchCount {
      try WritePermits.permit(for: folder.path)?.check()
      if let end = try endAsked() {
        try save()
        return end
      }
      let asked = Clock.seconds
      guard let batch = try stream.next() else { break }
      let given = Clock.seconds
      let share = Double(batch.number) / Double(request.batchCount)
      let position = TrainingProgress(position: Double(state.epoch) + share, epochs: options.epochs)
      let whole = WholeBatch(batch, of: step.part)
      let targets = try labels.targets(for: batch, in: whole)
      let result = try step(
        TrainingStep.Work(
          batch, targets, ids: batch.indices.map { labels.samples[$0].id }, step: state.step, at: position,
          isThorough: isFirstStep || limits.checksEveryStep))
      isFirstStep = false
      if !labels.isEmpty {
        labels.observe(try whole.outcome(result.outcome), targets, batch, epoch: state.epoch)
      }
      state.sums.add(result, count: batch.stepIndices.count)
      state.batch = batch.number + 1
      state.step += 1
      state.skipped = stream.skipped
      stepTimes.add(data: given - asked, compute: Clock.seconds - given)
      if options.logSteps > 0, state.step % options.logSteps == 0 {
        try note(
          stepLine(result, images: batch.stepIndices.count, at: position),
          timing: stepTimes.takeLine(step: state.step))
      }
      progress.show(done: state.batch, sums: state.sums)
      if isTimeToSave { try save() }
    }
    state.batch = request.batchCount
    try warn(of: stream.problems)
    epochTiming = progress.timing(step: state.step)
    // A signal that came with the last batch is seen by the validation that follows.
    guard let end = try endAsked(), case .stoppedAtLimit = end else { return nil }
    try save()
    return end
  }

  /// Tells of images that could not be read, and names all of them in the folder.
  func warn(of problems: [String]) throws {
    guard !problems.isEmpty else { return }
    let more = badImages.union(problems.map { ExactName($0) })
    console.warn(problems.asLeftOut(atMost: badImages.count == more.count ? 1 : 5, all: RunFolder.badImages))
    guard more.count > badImages.count else { return }
    badImages = more
    guard writes else { return }
    try AtomicFile.write(
      more.map(\.text).sorted().joined(separator: "\n") + "\n", to: folder.file(RunFolder.badImages))
  }

  /// What is left of the current epoch; the same for the same seed and epoch.
  private func requestForEpoch() throws -> BatchRequest {
    let random = RandomSource(seed: recipe.seed, stream: "sampler", epoch: UInt64(state.epoch))
    let order = Running.of(recipe.sampler) {
      recipe.sampler.order(
        of: labels.samples, classCount: recipe.classes.count, epoch: state.epoch, random: random)
    }
    let place = "\(Running.title(of: recipe.sampler)): for epoch \(state.epoch + 1) it"
    let count = train.samples.count
    if let wrong = order.first(where: { !(0..<count).contains($0) }) {
      throw RunProblem.failure("\(place) chose image \(wrong), which is not in 0...\(count - 1)")
    }
    guard order.count > 1 else {
      throw RunProblem.failure("\(place) chose \(order.count) images; training needs at least 2")
    }
    let kept = limits.batchesPerEpoch.map { min(order.count, $0 * options.batch) } ?? order.count
    var request = BatchRequest(order: Array(order.prefix(kept)), batchSize: options.batch, epoch: state.epoch)
    request.firstBatch = state.batch
    request.smallestBatch = 2
    request.alreadySkipped = state.skipped
    if ranks.size > 1 { request.part = step.part }
    return request
  }

  private func endAsked() throws -> End? {
    if let number = try ranks.agreed(StopSignal.received) { return .interrupted(signal: number) }
    if let limit = limits.steps, state.step >= limit { return .stoppedAtLimit(step: state.step) }
    return nil
  }

  private var isTimeToSave: Bool {
    let byStep = options.checkpointSteps > 0 && state.step % options.checkpointSteps == 0
    let byTime =
      options.checkpointMinutes > 0 && Clock.seconds - lastSave > 60 * Double(options.checkpointMinutes)
    return byStep || byTime
  }

  private var hasLostPatience: Bool {
    guard options.patience > 0, let best = state.best else { return false }
    return state.epoch - best.epoch >= options.patience
  }

  /// Notes an event in the logs, and tells who listens.
  func note(_ line: OrderedObject, timing: OrderedObject) throws {
    log?.add(line, timing: timing)
    try witness?(line.text)
  }

  /// Writes a checkpoint of this moment.
  func save() throws {
    guard let log else { return }
    state.metricsLength = log.sync()
    state.labels = labels.isEmpty ? nil : try labels.states()
    let start = Clock.seconds
    try store.save(state, model, optimizer, average)
    lastSave = Clock.seconds
    var timing = RunLog.timing("checkpoint", step: state.step)
    timing.add("seconds", lastSave - start)
    log.add(timing: timing)
  }

  /// A digest of what there is to train on and validate with.
  /// - Parameter fingerprint: of what label policies read.
  private static func digest(of sets: [[Sample]], and fingerprint: String) -> String {
    let digest = Digest()
    for samples in sets {
      digest.update(Array("\(samples.count)\n".utf8))
      for sample in samples {
        let shares = sample.distribution.map { " \($0)" } ?? ""
        digest.update(Array("\(sample.label)\(shares) \(sample.group) \(sample.id)\n".utf8))
      }
    }
    digest.update(Array(fingerprint.utf8))
    return digest.finish()
  }
}

extension EpochSums {
  /// Adds a step's findings, weighed by its images.
  fileprivate mutating func add(_ result: TrainingStep.Result, count: Int) {
    images += count
    correct += result.correct
    primaryCorrect = primaryCorrect.map { $0 + result.primaryCorrect }
    loss += result.loss * Double(count)
    for part in result.losses { losses[part.name, default: 0] += Double(part.value) * Double(count) }
  }
}
