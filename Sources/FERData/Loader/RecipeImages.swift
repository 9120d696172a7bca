import FERCore
import Support
import TensorKit

/// One of a recipe's sets of images, prepared as the recipe says.
package final class RecipeImages: BatchSource {
  package let samples: [Sample]
  package let problems: [String]
  /// What may be a mistake in the data, in sentences.
  package let warnings: [String]
  private let images: any LoadedDataset
  private let badImages: BadImagePolicy
  private let pipeline: InputPipeline
  private let seed: UInt64
  private let workers: Int

  /// Reads the list of samples; images are read when they are asked for.
  /// - Parameter isTraining: whether augmentations apply.
  /// - Parameter workers: threads that prepare images, where it is another number than the recipe's.
  /// - Throws: a ``DataProblem``, also where the recipe names no such set.
  package init(_ split: DataSplit, of recipe: Recipe, isTraining: Bool, workers: Int? = nil) throws {
    guard let (images, badImages) = try recipe.load(split) else {
      throw DataProblem(recipe.path, "names no data.\(split.rawValue)")
    }
    (self.images, self.badImages, samples) = (images, badImages, images.samples)
    // What the dataset left out already is noted where it keeps a quarantine.
    var list = try badImages.quarantineList()
    try list?.add(images.leftOut)
    problems = images.leftOut.map(\.description)
    warnings = images.warnings.map { "\(split.rawValue): \($0)" }
    guard !samples.isEmpty else { throw DataProblem(recipe.path, "a dataset holds no images") }
    try Self.check(samples, classes: recipe.classes)
    pipeline = InputPipeline(of: recipe, isTraining: isTraining)
    seed = recipe.seed
    let wanted = workers ?? recipe.training.workers
    self.workers = wanted > 0 ? wanted : Parallel.availableCores
  }

  /// The same images, each first shrunk to a share of its size and enlarged again: as a poorer camera sees them.
  /// - Parameter share: of width and of height, above 0 and at most 1.
  package func shrunk(to share: Double) -> RecipeImages {
    RecipeImages(of: self, ShrunkImages(of: images, to: share))
  }

  private init(of other: RecipeImages, _ images: any LoadedDataset) {
    (self.images, badImages, samples, problems) = (images, other.badImages, other.samples, other.problems)
    warnings = other.warnings
    (pipeline, seed, workers) = (other.pipeline, other.seed, other.workers)
  }

  /// The same, or nil where the recipe names no such set.
  package static func load(
    _ split: DataSplit, of recipe: Recipe, isTraining: Bool = false, workers: Int? = nil
  ) throws -> RecipeImages? {
    guard recipe.has(split) else { return nil }
    return try RecipeImages(split, of: recipe, isTraining: isTraining, workers: workers)
  }

  /// A dataset may come from a plug-in; what it says of its samples must not stop the program in the middle of an epoch.
  private static func check(_ samples: [Sample], classes: [String]) throws(DataProblem) {
    for sample in samples {
      if let problem = sample.problem(classCount: classes.count) { throw DataProblem(sample.id, problem) }
    }
  }

  package func stream(_ request: BatchRequest) -> any BatchStream {
    BatchLoader(images, request, pipeline: pipeline, badImages: badImages, seed: seed, workers: workers)
  }

  package func file(at index: Int) -> String { images.path(at: index) }

  /// The image files that another set holds too.
  package func files(sharedWith other: RecipeImages) -> [String] {
    let theirs = Set(other.files.map { ExactName($0) })
    return files.filter { theirs.contains(ExactName($0)) }
  }

  /// The files of the samples, where each has one of its own.
  private var files: [String] {
    samples.indices.compactMap { index in
      let path = file(at: index)
      return ExactName(path) == ExactName(samples[index].id) ? nil : PathText.normalized(path)
    }
  }

  package var tables: [String] { images.tables }

  package func image(of id: String) -> Image? {
    samples.firstIndex { ExactName($0.id) == ExactName(id) }.flatMap { try? images.image(at: $0) }
  }
}

/// Images that have lost what only fine pixels show.
private struct ShrunkImages: LoadedDataset {
  let samples: [Sample]
  private let images: any LoadedDataset
  private let share: Double

  init(of images: any LoadedDataset, to share: Double) {
    (self.images, self.share, samples) = (images, share, images.samples)
  }

  var folder: String { images.folder }
  func path(at index: Int) -> String { images.path(at: index) }

  func image(at index: Int) throws -> Image {
    let image = try images.image(at: index)
    let (width, height) = (image.width, image.height)
    let side = { (pixels: Int) in max(1, Int((Double(pixels) * share).rounded())) }
    return image.resized(width: side(width), height: side(height), antialias: true)
      .resized(width: width, height: height, antialias: true)
  }
}
