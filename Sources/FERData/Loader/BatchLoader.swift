import FERCore
import Foundation
import TensorKit

/// Some samples, ready for a network.
public struct Batch: Sendable {
  /// The place among the epoch's batches, from 0. Stays the same when an epoch is taken up in its middle.
  public let number: Int
  /// `[N, size, size, 3]`, normalised.
  public let images: Tensor
  /// The class of each sample.
  public let labels: [Int]
  /// The shares of the classes in each sample `[N, C]`, all on the label where it has none; nil where no sample has
  /// any.
  public let distribution: Tensor?
  /// Where each sample stands in the dataset.
  public let indices: [Int]
}

/// Makes batches ahead of the one who needs them, on threads of its own.
///
/// The batches are the same, bit by bit, for any number of workers: a sample's randomness comes from (seed,
/// epoch, sample, how often the epoch drew it before), its place from the order. An image that cannot be decoded
/// is left out where the policy allows it; the batch is then smaller, and all others stay as they are.
///
/// A loader serves one epoch and one caller. Dropping it stops its threads.
public final class BatchLoader {
  /// How batches are made.
  public struct Plan: Sendable {
    /// Whether augmentations run.
    public var isTraining: Bool
    /// Where randomness comes from.
    public var seed: UInt64
    /// The epoch, which changes all randomness.
    public var epoch: Int
    /// Threads beside the caller's; 0 makes each batch when it is asked for.
    public var workers: Int
    /// How many batches may wait for the caller.
    public var batchesAhead = 4
    /// The first batch to deliver, for an epoch taken up in its middle.
    public var startBatch = 0
    /// Batches that bad images left smaller than this are dropped: 2 keeps a single sample from batch norm.
    public var minimumBatch = 1
    /// What happens to bad images; nil asks the dataset.
    public var policy: BadImagePolicy? = nil
    /// The indices that were already skipped in this epoch, for an epoch taken up in its middle.
    public var alreadySkipped: [Int] = []

    /// A plan for one epoch; the rest keeps its default.
    public init(isTraining: Bool, seed: UInt64 = 0, epoch: Int = 0, workers: Int = 0) {
      self.isTraining = isTraining
      self.seed = seed
      self.epoch = epoch
      self.workers = workers
    }
  }

  /// How many batches the whole epoch has, those before `startBatch` among them. Bad images may make it fewer.
  public let batchCount: Int
  /// The images left out so far, in the order of the epoch.
  public private(set) var skipped: [DataProblem] = []
  /// Where they stand in the dataset.
  public private(set) var skippedIndices: [Int]

  private let work: BatchWork
  private let policy: BadImagePolicy
  private var quarantine: QuarantineList?
  private var newlyBad = 0
  private let minimumBatch: Int
  private var nextNumber: Int
  private var failure: DataProblem?

  /// - Parameter batches: the whole epoch, as indices into the dataset's samples.
  public init(_ dataset: any LoadedDataset, batches: [[Int]], pipeline: InputPipeline, plan: Plan) {
    let batches = batches.filter { !$0.isEmpty }
    batchCount = batches.count
    minimumBatch = max(1, plan.minimumBatch)
    policy = plan.policy ?? (dataset as? any TolerantDataset)?.badImagePolicy ?? .fail
    skippedIndices = plan.alreadySkipped
    nextNumber = max(0, plan.startBatch)
    let path = { @Sendable (index: Int) in
      (dataset as? any TolerantDataset)?.path(at: index) ?? dataset.samples[index].id
    }
    do throws(DataProblem) { quarantine = try policy.quarantineList() } catch { failure = error }
    let (known, samples) = (quarantine, dataset.samples.indices)
    newlyBad = plan.alreadySkipped.count { !samples.contains($0) || known?.problem(for: path($0)) == nil }
    work = BatchWork(
      dataset, batches: batches, pipeline: pipeline, plan: plan,
      knownProblem: { known?.problem(for: path($0)) })
    work.start(workers: min(max(0, plan.workers), 64))
  }

  /// An epoch's order cut into batches of `size`, the last one with the rest; a rest below `minimum` is left out.
  public static func batches(of order: [Int], size: Int, minimum: Int = 1) -> [[Int]] {
    stride(from: 0, to: order.count, by: max(1, size))
      .map { Array(order[$0..<min($0 + max(1, size), order.count)]) }
      .filter { $0.count >= min(minimum, max(1, size)) }
  }

  deinit { work.stop() }

  /// The next batch; nil after the last.
  /// - Throws: a ``DataProblem`` where an image is bad and may not be left out. It is thrown again at every
  ///   further call.
  public func next() throws(DataProblem) -> Batch? {
    if let failure { throw failure }
    while nextNumber < batchCount {
      let finished = work.take(nextNumber)
      nextNumber += 1
      for bad in finished.bad { try note(bad) }
      if finished.indices.count >= minimumBatch { return finished.batch() }
    }
    return nil
  }

  /// Stops the threads and waits until they have ended. Nothing can be asked for afterwards.
  public func cancel() {
    work.stop()
    nextNumber = batchCount
  }

  private func note(_ bad: BatchWork.Bad) throws(DataProblem) {
    // A sampler may draw a bad image twice; it counts once.
    guard !skippedIndices.contains(bad.index) else { return }
    skippedIndices.append(bad.index)
    skipped.append(bad.problem)
    guard !bad.wasKnown else { return }
    newlyBad += 1
    let count = work.datasetCount
    try quarantine?.add([bad.problem])
    guard let problem = policy.problem(bad: newlyBad, of: count, first: bad.problem) else { return }
    failure = problem
    work.stop()
    throw problem
  }
}
