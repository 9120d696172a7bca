import FERCore
import Foundation
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
  }

  /// A batch whose samples have all been tried.
  struct Finished {
    let number: Int
    let values: Values
    let pipeline: InputPipeline
    var indices: [Int] = []
    var labels: [Int] = []
    var places: [Int] = []
    var bad: [Bad] = []

    func batch() -> Batch {
      let size = pipeline.valueCount
      let images = Tensor([indices.count, pipeline.size, pipeline.size, 3]) { target in
        for (slot, place) in places.enumerated() {
          let sample = UnsafeMutableBufferPointer(rebasing: target[slot * size..<(slot + 1) * size])
          _ = sample.update(fromContentsOf: values[place])
        }
      }
      return Batch(number: number, images: images, labels: labels, indices: indices)
    }
  }

  /// The pixel values of one batch under construction.
  final class Values: @unchecked Sendable {
    private let buffer: UnsafeMutableBufferPointer<Float>
    private let size: Int

    init(samples: Int, size: Int) {
      self.size = size
      buffer = .allocate(capacity: samples * size)
      buffer.initialize(repeating: 0)
    }

    deinit { buffer.deallocate() }

    subscript(place: Int) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(rebasing: buffer[place * size..<(place + 1) * size])
    }
  }

  private struct Pending {
    let values: Values
    var remaining: Int
    var problems: [Int: DataProblem] = [:]
  }

  let datasetCount: Int
  private let dataset: any LoadedDataset
  private let samples: [Sample]
  private let order: [Int]
  private let pipeline: InputPipeline
  private let plan: BatchLoader.Plan
  private let size: Int
  private let end: Int

  private let condition = NSCondition()
  private var pending: [Int: Pending] = [:]
  private var nextPosition: Int
  private var delivered: Int
  private var isStopped = false
  private var running = 0
  private var hasWorkers = false

  init(
    _ dataset: any LoadedDataset, order: [Int], pipeline: InputPipeline, plan: BatchLoader.Plan, batchCount: Int
  ) {
    self.dataset = dataset
    samples = dataset.samples
    datasetCount = samples.count
    self.order = order
    self.pipeline = pipeline
    self.plan = plan
    size = max(1, plan.batchSize)
    end = min(order.count, batchCount * size)
    delivered = min(max(0, plan.startBatch), batchCount)
    nextPosition = delivered * size
  }

  func start(workers: Int) {
    guard workers > 0, nextPosition < end else { return }
    hasWorkers = true
    running = workers
    for number in 0..<workers {
      let thread = Thread { [self] in
        while workOnce(waits: true) {}
        condition.withLock {
          running -= 1
          condition.broadcast()
        }
      }
      thread.name = "batches \(number)"
      thread.stackSize = 4 << 20
      thread.start()
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
    if !hasWorkers {
      while condition.withLock({ !isComplete(number) }), workOnce(waits: false) {}
    }
    return condition.withLock {
      while !isComplete(number) && !isStopped { condition.wait() }
      delivered = number + 1
      let batch = pending.removeValue(forKey: number)
      condition.broadcast()
      return finish(number, batch)
    }
  }

  private func isComplete(_ number: Int) -> Bool { pending[number]?.remaining == 0 }

  private func positions(of number: Int) -> Range<Int> { number * size..<min((number + 1) * size, order.count) }

  private func finish(_ number: Int, _ batch: Pending?) -> Finished {
    guard let batch else {
      return Finished(number: number, values: Values(samples: 0, size: 0), pipeline: pipeline)
    }
    var finished = Finished(number: number, values: batch.values, pipeline: pipeline)
    for (place, position) in positions(of: number).enumerated() {
      let index = order[position]
      if let problem = batch.problems[place] {
        finished.bad.append(Bad(index: index, problem: problem))
      } else {
        finished.indices.append(index)
        finished.labels.append(samples[index].label)
        finished.places.append(place)
      }
    }
    return finished
  }

  /// Makes one sample. False where there is nothing left to do.
  private func workOnce(waits: Bool) -> Bool {
    guard let (position, values) = claim(waits: waits) else { return false }
    let (number, place) = (position / size, position % size)
    let problem = make(position, into: values[place])
    condition.withLock {
      pending[number]?.problems[place] = problem
      pending[number]?.remaining -= 1
      if isComplete(number) { condition.broadcast() }
    }
    return true
  }

  private func claim(waits: Bool) -> (position: Int, values: Values)? {
    condition.withLock {
      while !isStopped && nextPosition < end {
        let number = nextPosition / size
        if number < delivered + max(1, plan.batchesAhead) {
          let batch = pending[number] ?? begin(number)
          defer { nextPosition += 1 }
          return (nextPosition, batch.values)
        }
        if !waits { return nil }
        condition.wait()
      }
      return nil
    }
  }

  private func begin(_ number: Int) -> Pending {
    let count = positions(of: number).count
    let batch = Pending(values: Values(samples: count, size: pipeline.valueCount), remaining: count)
    pending[number] = batch
    return batch
  }

  private func make(_ position: Int, into values: UnsafeMutableBufferPointer<Float>) -> DataProblem? {
    let index = order[position]
    guard samples.indices.contains(index) else {
      return DataProblem("", "the sampler asked for sample \(index) of \(samples.count)")
    }
    do {
      let image = try dataset.image(at: index)
      guard image.width > 0, image.height > 0 else { return DataProblem(samples[index].id, "has no pixels") }
      if plan.isTraining {
        let random = RandomSource(
          seed: plan.seed, stream: "augment", epoch: UInt64(max(0, plan.epoch)), sample: UInt64(position))
        pipeline.training(image, random: random, into: values)
      } else {
        pipeline.evaluation(image, into: values)
      }
      return nil
    } catch let problem as DataProblem {
      return problem
    } catch {
      return DataProblem(samples[index].id, "\(error)")
    }
  }
}
