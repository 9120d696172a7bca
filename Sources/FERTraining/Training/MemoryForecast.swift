import FERCore
import FERData
import NeuralKit
import Support
import TensorKit

/// How much memory a training will take beyond what it has now, before its first step.
///
/// What a batch takes is found by trying: two images go through the model forward and backward, and the peak is reckoned up
/// to the rows that go through at once. The trial leaves no trace: each random number depends on what it is for, and batch
/// norms do not follow it.
struct MemoryForecast {
  /// For gradients, optimiser, average and one batch, in bytes.
  let needed: Int
  /// What a batch takes of it, in bytes.
  let batch: Int
  /// Samples that go through at once.
  let rows: Int

  private static let tried = 2

  /// - Parameter isFresh: whether optimiser and average have nothing yet.
  /// - Parameter ranks: how many processes share a batch.
  /// - Throws: what a part of the model or a loss throws.
  init(
    _ model: ExpressionModel, _ recipe: Recipe, _ options: TrainingOptions, samples: Int, isFresh: Bool,
    ranks: Int = 1
  ) throws {
    let need = MemoryNeed(of: model.store)
    let whole = min(options.batch, samples)
    let pieces = BatchPart.pieceCount(of: whole, accumulate: options.accumulate) * ranks
    rows = (whole + pieces - 1) / pieces
    let peak = try TensorMemory.peak { try Self.trial(model, recipe, options) }
    let image = max(0, peak - need.trained) / Self.tried
    let (product, isTooLarge) = image.multipliedReportingOverflow(by: rows)
    batch = isTooLarge ? 1 << 60 : min(product, 1 << 60)
    let kept =
      isFresh ? need.trained * (try recipe.optimizerArrays()) + (options.ema > 0 ? need.values : 0) : 0
    needed = need.trained + kept + batch
  }

  /// The sentence for a person where it is more than there is.
  func warning(within limits: MemoryLimits) -> String? {
    guard needed > limits.available else { return nil }
    return "this training needs about \(ByteCount.text(needed)) more of memory, and there are "
      + "\(ByteCount.text(limits.available)) (\(limits.source.rawValue)); \(ByteCount.text(batch)) of it are for "
      + "\(rows) images that go through at once: a larger training.accumulate or a smaller training.batch takes less"
  }

  private static func trial(
    _ model: ExpressionModel, _ recipe: Recipe, _ options: TrainingOptions
  ) throws {
    let rows = tried * (recipe.views?.plan.count ?? 1)
    let size = recipe.input.size
    var random = RandomSource(seed: 0, stream: "memory forecast")
    let images = Tensor([rows, size, size, 3]) { values in
      for index in values.indices { values[index] = random.uniform() }
    }
    let tape = Tape()
    var pass = ForwardPass.training(on: tape, seed: 0, step: 0)
    pass.updatesStatistics = false
    let samples = (0..<tried).map { Sample(id: "", label: $0 % recipe.classes.count) }
    let targets = Targets(of: samples, classCount: recipe.classes.count)
    let marked = images.of(Shards(tried, shards: options.shards))
    let value = try model.objective(try model(marked, pass), against: targets, pass)
    tape.backward(from: value.total)
  }
}
