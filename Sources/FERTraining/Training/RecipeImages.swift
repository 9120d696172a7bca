import FERCore
import FERData
import TensorKit

/// One of a recipe's datasets, prepared as the recipe says.
public final class RecipeImages: BatchSource {
  /// What there is.
  public let samples: [Sample]
  /// What was left out when the dataset was loaded.
  public let problems: [String]
  private let images: any LoadedDataset
  private let pipeline: InputPipeline
  private let seed: UInt64
  private let workers: Int

  /// Reads the list of samples; images are read when they are asked for.
  /// - Parameter input: the preprocessing, where it is another than the recipe's.
  /// - Parameter isTraining: whether augmentations apply.
  /// - Parameter workers: threads that prepare images, where it is another number than the recipe's.
  /// - Throws: a `DataProblem`.
  public init(
    _ dataset: any Dataset, _ recipe: Recipe, input: InputOptions? = nil, isTraining: Bool,
    workers: Int? = nil
  ) throws {
    let loaded = try dataset.load(classes: recipe.classes)
    if var files = loaded as? LoadedImageFiles {
      files.limits = ImageFile.Limits(pixels: recipe.data.pixelLimit)
      images = files
    } else {
      images = loaded
    }
    samples = images.samples
    problems = try Self.leftOut(of: images)
    guard !samples.isEmpty else { throw DataProblem(recipe.path, "a dataset holds no images") }
    try Self.check(samples, classes: recipe.classes)
    pipeline = InputPipeline(input ?? recipe.input, augmentations: isTraining ? recipe.augmentations : [])
    seed = recipe.seed
    let wanted = workers ?? recipe.training.workers
    self.workers = wanted > 0 ? wanted : Parallel.availableCores
  }

  /// A dataset may come from a plug-in; what it says of its samples must not stop the program in the middle of an epoch.
  private static func check(_ samples: [Sample], classes: [String]) throws(DataProblem) {
    for sample in samples {
      guard classes.indices.contains(sample.label) else {
        throw DataProblem(sample.id, "label \(sample.label) is not in 0...\(classes.count - 1)")
      }
      guard let shares = sample.distribution else { continue }
      let sum = shares.reduce(0, +)
      guard shares.count == classes.count, shares.allSatisfy({ $0 >= 0 }), abs(sum - 1) < 1e-3 else {
        throw DataProblem(
          sample.id,
          "its distribution has \(shares.count) shares for \(classes.count) classes that sum to \(sum), not to 1"
        )
      }
    }
  }

  /// What a dataset left out already; where it keeps a quarantine, that is noted there.
  private static func leftOut(of images: any LoadedDataset) throws -> [String] {
    guard let images = images as? any TolerantDataset else { return [] }
    var list = try images.badImagePolicy.quarantineList()
    try list?.add(images.leftOut)
    return images.leftOut.map(\.description)
  }

  /// Batches made ahead of use on threads of their own.
  public func stream(_ request: BatchRequest) -> any BatchStream {
    var plan = BatchLoader.Plan(
      isTraining: request.epoch != nil, seed: seed, epoch: request.epoch ?? 0, workers: workers)
    plan.startBatch = request.firstBatch
    plan.minimumBatch = request.smallestBatch
    plan.alreadySkipped = request.alreadySkipped
    let batches = BatchLoader.batches(
      of: request.order, size: request.batchSize, minimum: request.smallestBatch)
    return LoaderStream(BatchLoader(images, batches: batches, pipeline: pipeline, plan: plan), samples)
  }

  /// The image of a sample as it was read; nil where it cannot be.
  public func image(of id: String) -> Image? {
    samples.firstIndex { $0.id == id }.flatMap { try? images.image(at: $0) }
  }
}

/// A loader as the trainer sees it.
private final class LoaderStream: BatchStream {
  private let loader: BatchLoader
  private let samples: [Sample]

  init(_ loader: BatchLoader, _ samples: [Sample]) { (self.loader, self.samples) = (loader, samples) }

  deinit { loader.cancel() }

  var skipped: [Int] { loader.skippedIndices }
  var problems: [String] { loader.skipped.map(\.description) }

  func next() throws -> LabelledBatch? {
    guard let batch = try loader.next() else { return nil }
    return LabelledBatch(
      number: batch.number, images: batch.images, labels: batch.labels, distribution: batch.distribution,
      ids: batch.indices.map { samples[$0].id })
  }
}

extension InputPipeline {
  /// The way to the network's input that a recipe, or a checkpoint, asks for.
  public init(_ options: InputOptions, augmentations: [any Augmentation] = []) {
    self.init(
      size: options.size, resize: options.resize == 0 ? nil : options.resize,
      normalization: Normalization.named(options.normalize) ?? .imagenet, augmentations: augmentations,
      antialias: options.antialias)
  }
}
