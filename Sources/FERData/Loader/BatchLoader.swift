import FERCore

/// Makes batches ahead of the one who needs them, on threads of its own.
///
/// The batches are the same, bit by bit, for any number of workers: a sample's randomness comes from (seed,
/// epoch, sample, how often the epoch drew it before), its place from the order. An image that cannot be decoded
/// is left out where the policy allows it; the batch is then smaller, and all others stay as they are. Where several
/// processes share the batches (``BatchPart``), they tell each other of such images, so that all leave out the same.
///
/// A loader serves one epoch and one caller. Dropping it stops its threads.
package final class BatchLoader: BatchStream {
  package private(set) var skipped: [Int]
  package private(set) var problems: [String] = []

  private let work: BatchWork
  private let policy: BadImagePolicy
  private let part: BatchPart?
  private var quarantine: QuarantineList?
  private var newlyBad = 0
  private let batchCount: Int
  private let smallestBatch: Int
  private var nextNumber: Int
  private var failure: DataProblem?

  /// - Parameter badImages: what happens to images that cannot be read.
  /// - Parameter seed: where randomness comes from, together with the request's epoch.
  /// - Parameter workers: threads beside the caller's; 0 makes each batch when it is asked for.
  /// - Parameter batchesAhead: how many batches may wait for the caller.
  package init(
    _ dataset: any LoadedDataset, _ request: BatchRequest, pipeline: InputPipeline,
    badImages policy: BadImagePolicy = .fail, seed: UInt64 = 0, workers: Int = 0, batchesAhead: Int = 4
  ) {
    let batches = request.batches
    (self.policy, batchCount, skipped) = (policy, batches.count, request.alreadySkipped)
    part = request.part
    (smallestBatch, nextNumber) = (max(1, request.smallestBatch), max(0, request.firstBatch))
    do throws(DataProblem) { quarantine = try policy.quarantineList() } catch { failure = error }
    let (known, samples) = (quarantine, dataset.samples.indices)
    let knownProblem = { @Sendable in known?.problem(for: dataset.path(at: $0)) }
    newlyBad = skipped.count { !samples.contains($0) || knownProblem($0) == nil }
    work = BatchWork(
      dataset, batches: batches, part: part, from: nextNumber, pipeline: pipeline,
      augmentation: request.epoch.map { (seed, $0) }, batchesAhead: batchesAhead, knownProblem: knownProblem)
    work.start(workers: min(max(0, workers), 64))
  }

  deinit { work.stop() }

  /// The next batch; nil after the last.
  /// - Throws: a ``DataProblem`` where an image is bad and may not be left out, or an augmentation or a view plan spoils
  ///   it. It is thrown again at every further call. ``CollectiveFault`` where other processes prepare the rest.
  package func next() throws -> Batch? {
    if let failure { throw failure }
    while nextNumber < batchCount {
      let finished = work.take(nextNumber)
      nextNumber += 1
      let bad = try part?.gathered(finished.bad) ?? finished.bad
      for bad in bad { try note(bad) }
      let batch = try work.batch(finished, without: bad)
      if batch.stepIndices.count >= smallestBatch { return batch }
    }
    return nil
  }

  /// Stops the threads and waits until they have ended. There are no batches afterwards.
  package func cancel() {
    work.stop()
    nextNumber = batchCount
  }

  private func note(_ bad: BatchWork.Bad) throws(DataProblem) {
    // A sampler may draw a bad image twice; it counts once.
    guard !skipped.contains(bad.index) else { return }
    skipped.append(bad.index)
    problems.append(bad.problem.description)
    guard !bad.wasKnown else { return }
    // What the machine could not read now says nothing about the image, and is neither left out nor put on a list.
    guard bad.problem.isRequest else { throw stop(bad.problem) }
    newlyBad += 1
    try quarantine?.add([bad.problem], isWritten: part.map { $0.ranks.rank == 0 } ?? true)
    guard let problem = policy.problem(bad: newlyBad, of: work.sampleCount, first: bad.problem) else {
      return
    }
    throw stop(problem)
  }

  private func stop(_ problem: DataProblem) -> DataProblem {
    failure = problem
    work.stop()
    return problem
  }
}
