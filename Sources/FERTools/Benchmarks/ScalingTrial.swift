import FERCore
import FERData
import FERTraining
import NeuralKit
import Support
import TensorKit

/// Training steps of a recipe on a rank, as ``FERTraining/Trainer`` takes them.
final class ScalingTrial {
  /// What all trials share.
  struct Parts {
    let recipe: Recipe
    let model: ExpressionModel
    let optimizer: any Optimizer
    let average: WeightAverage?

    init(_ recipe: Recipe) throws {
      self.recipe = recipe
      model = try recipe.buildModel(loadingWeights: false)
      optimizer = try recipe.makeOptimizer()
      let decay = Double(recipe.training.ema)
      average = decay > 0 ? WeightAverage(decay: decay) : nil
    }
  }

  let meter: CallMeter
  private let parts: Parts
  private let count: Int
  private let part: BatchPart
  private let step: TrainingStep
  private let random: Batch

  /// - Parameter count: images in the batch of all ranks.
  /// - Parameter shards: where they are others than the recipe's.
  init(_ parts: Parts, _ count: Int, over ranks: any Collective, shards: Int? = nil) {
    (self.parts, self.count, meter) = (parts, count, CallMeter(ranks))
    let recipe = parts.recipe
    var options = recipe.training
    options.shards = shards ?? options.shards
    part = BatchPart(of: meter, shards: options.shards, accumulate: options.accumulate)
    step = TrainingStep(
      model: parts.model, optimizer: parts.optimizer, schedule: StandingStill(NoOptions()),
      average: parts.average, options: options, seed: recipe.seed, over: meter)
    var source = RandomSource(seed: 1, stream: "benchmark")
    let own = part.places(of: count), views = recipe.views?.plan.count ?? 1
    let images = Tensor.random([own.count * views, recipe.input.size, recipe.input.size, 3], &source)
    random = Batch(number: 0, images: images, indices: own, firstRow: 0, of: Array(0..<count))
  }

  /// One step, of the next images of a stream or of random numbers.
  func run(from stream: (any BatchStream)?) throws {
    _ = try meter.agreed(nil)
    let batch = try stream?.next() ?? random, classCount = parts.recipe.classes.count
    // Of the whole batch, as every rank knows them where no label policy is.
    let targets = Targets(labels: batch.stepIndices.map { $0 % classCount })
    let work = TrainingStep.Work(
      batch, targets, ids: batch.indices.map { "image \($0)" }, step: 0,
      at: TrainingProgress(position: 0, epochs: max(1, parts.recipe.training.epochs)))
    try step(work)
  }

  func run() throws { try run(from: nil) }

  /// Images for so many steps, and for those that are loaded ahead meanwhile.
  func stream(of images: RecipeImages, steps: Int) -> any BatchStream {
    let order = (0..<count * (steps + 10)).map { $0 % images.samples.count }
    var request = BatchRequest(order: order, batchSize: count, epoch: 0)
    request.smallestBatch = 2
    if meter.size > 1 { request.part = part }
    return images.stream(request)
  }

  /// The mean seconds of `steps` steps behind one that warms up, begun by all ranks at once.
  func seconds(of steps: Int, with ranks: any Collective, from stream: (any BatchStream)? = nil) throws -> (
    computing: Double, calling: Double
  ) {
    try run(from: stream)
    try ranks.barrier()
    meter.reset()
    let start = Clock.seconds
    for _ in 0..<steps { try run(from: stream) }
    let whole = Clock.seconds - start
    return ((whole - meter.seconds) / Double(steps), meter.seconds / Double(steps))
  }
}

/// Notes what is asked of other ranks, and how long it takes: nothing of one rank. One call at a time, as with any ranks.
final class CallMeter: Collective, @unchecked Sendable {
  /// Since ``reset()``.
  private(set) var calls = ScalingModel.Calls()
  private(set) var seconds = 0.0
  private let ranks: any Collective

  init(_ ranks: any Collective) { self.ranks = ranks }

  func reset() { (calls, seconds) = (ScalingModel.Calls(), 0) }

  var rank: Int { ranks.rank }
  var size: Int { ranks.size }

  func sum(_ numbers: UnsafeMutableBufferPointer<Float>) throws {
    if size > 1, !numbers.isEmpty { calls.sums.append(numbers.count) }
    try timed { try ranks.sum(numbers) }
  }

  func gathered(_ rows: [Float]) throws -> [[Float]] {
    if size > 1 { calls.gathers.append(rows.count) }
    return try timed { try ranks.gathered(rows) }
  }

  func broadcast(_ bytes: [UInt8]) throws -> [UInt8] { try timed { try ranks.broadcast(bytes) } }
  func barrier() throws { try timed { try ranks.barrier() } }

  private func timed<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard size > 1 else { return try body() }
    let start = Clock.seconds
    defer { seconds += Clock.seconds - start }
    return try body()
  }
}

/// The first of several ranks, all of which bring what it brings: it does what a rank does, and waits for nobody.
final class Echo: Collective {
  let rank = 0
  let size: Int

  init(_ size: Int) { self.size = size }

  func sum(_ numbers: UnsafeMutableBufferPointer<Float>) {
    let factor = Float(size)
    for place in numbers.indices { numbers[place] *= factor }
  }

  func gathered(_ rows: [Float]) -> [[Float]] { Array(repeating: rows, count: size) }
  func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
  func barrier() {}
}

extension Collective {
  /// The seconds of a sum of `count` numbers, behind one that warms up: the median of groups, so that what else the machine
  /// does in between hits few of them.
  /// - Parameter times: sums in a group.
  func secondsOfSum(of count: Int, times: Int, groups: Int) throws -> Double {
    var numbers = [Float](repeating: 0, count: count)
    return try numbers.withUnsafeMutableBufferPointer { numbers in
      try sum(numbers)
      try barrier()
      let seconds = try Timing.seconds(groups, warmups: 0) {
        for _ in 0..<times { try sum(numbers) }
      }
      return seconds.median / Double(times)
    }
  }
}
