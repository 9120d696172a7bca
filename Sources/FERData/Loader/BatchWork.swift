import FERCore
import Foundation
import Support
import TensorKit

/// The part of a ``BatchLoader`` that its threads see. They take samples one by one, in the order of the epoch,
/// and no further ahead than the plan allows; the caller takes batches in order.
///
/// Everything mutable is guarded by `condition`, but for the pixel values: each sample's have one writer, and
/// are read when the batch has none left.
final class BatchWork: @unchecked Sendable {
  /// An image that could not be had.
  struct Bad {
    let index: Int
    let problem: DataProblem
    /// Whether it was named as bad before anybody looked at it.
    let wasKnown: Bool
  }

  /// A batch whose samples have all been tried.
  struct Finished {
    let number: Int
    let values: TensorBuffer
    var indices: [Int] = []
    var places: [Int] = []
    var bad: [Bad] = []

    var batch: Batch {
      let rows = bad.isEmpty ? values.finished() : values.finished(keeping: places)
      let side = rows.shape[2]
      return Batch(number: number, images: rows.reshaped([-1, side, side, 3]), indices: indices)
    }
  }

  private struct Pending {
    let values: TensorBuffer
    var remaining: Int
    var problems: [Int: DataProblem] = [:]
  }

  let sampleCount: Int
  private let dataset: any LoadedDataset
  private let samples: [Sample]
  private let batches: [[Int]]
  private let draws: [[UInt64]]
  private let pipeline: InputPipeline
  private let augmentation: (seed: UInt64, epoch: Int)?
  private let batchesAhead: Int
  private let knownProblem: @Sendable (Int) -> DataProblem?

  private let condition = NSCondition()
  private var pending: [Int: Pending] = [:]
  private var nextBatch: Int
  private var nextPlace = 0
  private var delivered: Int
  private var isStopped = false
  private var running = 0
  private var hasWorkers = false

  /// - Parameter first: the first batch that will be asked for.
  /// - Parameter augmentation: what random augmentations follow from; nil for images as evaluation sees them.
  /// - Parameter knownProblem: what is known to be wrong with a sample, which is then not read.
  init(
    _ dataset: any LoadedDataset, batches: [[Int]], from first: Int, pipeline: InputPipeline,
    augmentation: (seed: UInt64, epoch: Int)?, batchesAhead: Int,
    knownProblem: @escaping @Sendable (Int) -> DataProblem?
  ) {
    (self.dataset, self.batches, self.pipeline) = (dataset, batches, pipeline)
    (self.augmentation, self.batchesAhead) = (augmentation, max(1, batchesAhead))
    self.knownProblem = knownProblem
    samples = dataset.samples
    sampleCount = samples.count
    draws = Self.draws(batches)
    delivered = min(first, batches.count)
    nextBatch = delivered
  }

  /// How often each sample was drawn before, in the same epoch.
  private static func draws(_ batches: [[Int]]) -> [[UInt64]] {
    var seen: [Int: UInt64] = [:]
    return batches.map { batch in
      batch.map { index in
        let before = seen[index, default: 0]
        seen[index] = before + 1
        return before
      }
    }
  }

  func start(workers: Int) {
    FreedMemory.isKept
    guard workers > 0, nextBatch < batches.count else { return }
    // Where the system gives fewer threads, those work; where it gives none, the caller does.
    for number in 0..<workers {
      condition.withLock { running += 1 }
      let isRunning = StartedThread.run("batches \(number)", stackSize: 4 << 20) { [self] in
        while workOnce(waits: true) {}
        condition.withLock {
          running -= 1
          condition.broadcast()
        }
      }
      if isRunning { hasWorkers = true } else { condition.withLock { running -= 1 } }
    }
  }

  /// Asks the threads to end, and waits for that.
  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
      while running > 0 { condition.wait() }
      pending = [:]
    }
  }

  /// Waits for (or makes) a batch.
  func take(_ number: Int) -> Finished {
    if !hasWorkers { while condition.withLock({ !isComplete(number) }), workOnce(waits: false) {} }
    return condition.withLock {
      while !isComplete(number) && !isStopped { condition.wait() }
      delivered = number + 1
      let batch = pending.removeValue(forKey: number)
      condition.broadcast()
      return finish(number, batch)
    }
  }

  private func isComplete(_ number: Int) -> Bool { pending[number]?.remaining == 0 }

  private func finish(_ number: Int, _ batch: Pending?) -> Finished {
    guard let batch else { return Finished(number: number, values: buffer(samples: 0)) }
    var finished = Finished(number: number, values: batch.values)
    for (place, index) in batches[number].enumerated() {
      if let problem = batch.problems[place] {
        let wasKnown = samples.indices.contains(index) && knownProblem(index) != nil
        finished.bad.append(Bad(index: index, problem: problem, wasKnown: wasKnown))
      } else {
        finished.indices.append(index)
        finished.places.append(place)
      }
    }
    return finished
  }

  /// Makes one sample. False where there is nothing left to do.
  private func workOnce(waits: Bool) -> Bool {
    guard let claim = claim(waits: waits) else { return false }
    let problem = make(claim)
    condition.withLock {
      pending[claim.number]?.problems[claim.place] = problem
      pending[claim.number]?.remaining -= 1
      if isComplete(claim.number) { condition.broadcast() }
    }
    return true
  }

  /// One sample to make: which batch, and which place in it.
  private struct Claim {
    let number: Int
    let place: Int
    let values: TensorBuffer
  }

  private func claim(waits: Bool) -> Claim? {
    condition.withLock {
      while !isStopped && nextBatch < batches.count {
        if nextBatch < delivered + batchesAhead {
          let batch = pending[nextBatch] ?? begin(nextBatch)
          let claim = Claim(number: nextBatch, place: nextPlace, values: batch.values)
          nextPlace += 1
          while nextBatch < batches.count && nextPlace >= batches[nextBatch].count {
            nextPlace = 0
            nextBatch += 1
          }
          return claim
        }
        if !waits { return nil }
        condition.wait()
      }
      return nil
    }
  }

  private func begin(_ number: Int) -> Pending {
    let count = batches[number].count
    let batch = Pending(values: buffer(samples: count), remaining: count)
    pending[number] = batch
    return batch
  }

  private func buffer(samples: Int) -> TensorBuffer {
    TensorBuffer([samples, pipeline.viewCount * pipeline.size, pipeline.size, 3])
  }

  private func make(_ claim: Claim) -> DataProblem? {
    let index = batches[claim.number][claim.place]
    let values = claim.values[claim.place]
    guard samples.indices.contains(index) else {
      return DataProblem("", "the sampler asked for sample \(index) of \(samples.count)")
    }
    if let problem = knownProblem(index) { return problem }
    do {
      let image = try dataset.image(at: index)
      guard image.width > 0, image.height > 0 else { return DataProblem(samples[index].id, "has no pixels") }
      let name = dataset.path(at: index)
      if let (seed, epoch) = augmentation {
        let random = RandomSource.augmenting(
          index, epoch: epoch, seed: seed, drawnBefore: draws[claim.number][claim.place])
        try pipeline.training(image, named: name, random: random, into: values)
      } else {
        try pipeline.evaluation(image, named: name, into: values)
      }
      return nil
    } catch {
      let isRequest = (error as? any AttributedError)?.isRequest ?? true
      return (error as? DataProblem) ?? DataProblem(samples[index].id, "\(error)", isRequest: isRequest)
    }
  }
}
