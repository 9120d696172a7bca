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
    /// In its batch.
    let place: Int
    let index: Int
    let problem: DataProblem
    /// Whether it was named as bad before anybody looked at it.
    let wasKnown: Bool
  }

  /// A batch, or this process's part of it, whose samples have all been tried.
  struct Finished {
    let number: Int
    /// The places that were tried.
    let tried: [Int]
    /// A row for each of them.
    let values: TensorBuffer
    var bad: [Bad] = []
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
  private let part: BatchPart?
  /// The places of this process in a batch, by the number of its rows.
  private let places: [Int: [Int]]
  private let draws: [[UInt64]]
  private let pipeline: InputPipeline
  private let augmentation: (seed: UInt64, epoch: Int)?
  private let batchesAhead: Int
  private let knownProblem: @Sendable (Int) -> DataProblem?

  private let condition = NSCondition()
  private var pending: [Int: Pending] = [:]
  private var nextBatch: Int
  private var nextRow = 0
  private var delivered: Int
  private var isStopped = false
  private var running = 0
  private var hasWorkers = false

  /// - Parameter part: which part of each batch is prepared; nil for all of it.
  /// - Parameter first: the first batch that will be asked for.
  /// - Parameter augmentation: what random augmentations follow from; nil for images as evaluation sees them.
  /// - Parameter knownProblem: what is known to be wrong with a sample, which is then not read.
  init(
    _ dataset: any LoadedDataset, batches: [[Int]], part: BatchPart? = nil, from first: Int,
    pipeline: InputPipeline,
    augmentation: (seed: UInt64, epoch: Int)?, batchesAhead: Int,
    knownProblem: @escaping @Sendable (Int) -> DataProblem?
  ) {
    (self.dataset, self.batches, self.pipeline) = (dataset, batches, pipeline)
    (self.augmentation, self.batchesAhead) = (augmentation, max(1, batchesAhead))
    (self.part, self.knownProblem) = (part, knownProblem)
    places = Dictionary(
      uniqueKeysWithValues: Set(batches.map(\.count)).map { ($0, Self.places(of: $0, part)) })
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
    guard let batch else { return Finished(number: number, tried: [], values: buffer(samples: 0)) }
    var finished = Finished(number: number, tried: places(of: number), values: batch.values)
    for place in finished.tried {
      guard let problem = batch.problems[place] else { continue }
      let index = batches[number][place]
      let wasKnown = samples.indices.contains(index) && knownProblem(index) != nil
      finished.bad.append(Bad(place: place, index: index, problem: problem, wasKnown: wasKnown))
    }
    return finished
  }

  /// The places of a batch that this process prepares, where all images can be had.
  private func places(of number: Int) -> [Int] { places[batches[number].count] ?? [] }

  private static func places(of count: Int, _ part: BatchPart?) -> [Int] {
    part?.places(of: count) ?? Array(0..<count)
  }

  /// What is left of a batch, or this process's part of it. Where other images are bad its part may be another one than was
  /// prepared; what is missing is then made now.
  /// - Parameter bad: the bad ones of the whole batch.
  /// - Throws: a ``DataProblem`` where an image cannot be had that another process could have.
  func batch(_ finished: Finished, without bad: [Bad]) throws(DataProblem) -> Batch {
    let (order, badPlaces) = (batches[finished.number], Set(bad.map(\.place)))
    let good = order.indices.filter { !badPlaces.contains($0) }
    let rows = Self.places(of: good.count, part), own = rows.map { good[$0] }
    var values = finished.values
    if own != finished.tried {
      values = buffer(samples: own.count)
      for (row, place) in own.enumerated() {
        if let tried = finished.tried.firstIndex(of: place) {
          _ = values[row].update(fromContentsOf: finished.values[tried])
        } else if let problem = make(finished.number, place, into: values[row]) {
          throw problem
        }
      }
    }
    return Batch(
      number: finished.number, images: values.finished().reshaped([-1, pipeline.size, pipeline.size, 3]),
      indices: own.map { order[$0] }, firstRow: rows.first ?? 0, of: good.map { order[$0] })
  }

  /// Makes one sample. False where there is nothing left to do.
  private func workOnce(waits: Bool) -> Bool {
    guard let claim = claim(waits: waits) else { return false }
    let problem = make(claim.number, claim.place, into: claim.values)
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
    let values: UnsafeMutableBufferPointer<Float>
  }

  private func claim(waits: Bool) -> Claim? {
    condition.withLock {
      while !isStopped && nextBatch < batches.count {
        if nextBatch < delivered + batchesAhead {
          let batch = pending[nextBatch] ?? begin(nextBatch)
          let claim = Claim(
            number: nextBatch, place: places(of: nextBatch)[nextRow], values: batch.values[nextRow])
          nextRow += 1
          while nextBatch < batches.count && nextRow >= places(of: nextBatch).count {
            nextRow = 0
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
    let count = places(of: number).count
    let batch = Pending(values: buffer(samples: count), remaining: count)
    pending[number] = batch
    return batch
  }

  private func buffer(samples: Int) -> TensorBuffer {
    TensorBuffer([samples, pipeline.viewCount * pipeline.size, pipeline.size, 3])
  }

  private func make(_ number: Int, _ place: Int, into values: UnsafeMutableBufferPointer<Float>)
    -> DataProblem?
  {
    let index = batches[number][place]
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
          index, epoch: epoch, seed: seed, drawnBefore: draws[number][place])
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
