import FERTraining
import FERCore
import FERData
import TensorKit
import Support

/// How fast a recipe's training images are read, augmented and made into batches, with nothing else at work.
package struct LoaderBenchmark: Sendable {
  /// The recipe's name.
  package let name: String
  /// The digest of what it says about the work.
  package let digest: String
  /// Images that were read in each run.
  package let images: Int
  /// Images that could not be read.
  package let unreadable: Int
  /// Threads of the second measurement.
  package let threads: Int
  /// Images per second on one thread that are read and decoded (or drawn), and nothing more.
  package let decoded: Spread
  /// Images per second on one thread.
  package let perThread: Spread
  /// Images per second on `threads` threads together.
  package let together: Spread
  /// Timed runs.
  package let repetitions: Int

  /// Reads images spread over all of the training set, some of them more than once where it is smaller.
  /// - Throws: a `DataProblem`, also where the recipe's data are not there.
  package static func run(_ recipe: Recipe, images: Int, threads: Int?, repetitions: Int) throws
    -> LoaderBenchmark
  {
    let threads = threads ?? Parallel.availableCores
    let alone = try Self.rate(recipe, images, workers: 1, repetitions)
    let together = threads == 1 ? alone : try Self.rate(recipe, images, workers: threads, repetitions)
    // The loader has set up how memory is kept by now, as it is while it decodes.
    let decoded = try Self.decodingRate(recipe, images, repetitions)
    return LoaderBenchmark(
      name: recipe.name, digest: recipe.workDigest, images: images, unreadable: alone.unreadable,
      threads: threads, decoded: decoded, perThread: alone.rate, together: together.rate,
      repetitions: repetitions)
  }

  /// Which of `count` samples are read for so many images.
  private static func order(_ images: Int, of count: Int) -> [Int] {
    (0..<images).map { images <= count ? $0 * count / images : $0 % count }
  }

  private static func decodingRate(_ recipe: Recipe, _ images: Int, _ repetitions: Int) throws -> Spread {
    guard let dataset = try recipe.load(.train)?.set, !dataset.samples.isEmpty else { return Spread([]) }
    let order = order(images, of: dataset.samples.count)
    for index in order.prefix(16) { _ = try? dataset.image(at: index) }
    let seconds = Timing.seconds(repetitions, warmups: 0) {
      for index in order { _ = try? dataset.image(at: index) }
    }
    return rate(images, seconds)
  }

  /// Images per second of each run.
  private static func rate(_ images: Int, _ seconds: [Double]) -> Spread {
    Spread(seconds.map { Double(images) / max($0, 1e-9) })
  }

  /// Images per second of each run, on so many threads, and how many images could not be read.
  static func rate(
    _ recipe: Recipe, _ images: Int, workers: Int, _ repetitions: Int
  ) throws -> (rate: Spread, unreadable: Int) {
    let source = try RecipeImages(.train, of: recipe, isTraining: true, workers: workers)
    let order = order(images, of: source.samples.count)
    var unreadable = 0
    let read = { (order: [Int]) in
      let batch = min(recipe.training.batch, order.count)
      let stream = source.stream(BatchRequest(order: order, batchSize: batch, epoch: 0))
      while try stream.next() != nil {}
      unreadable = stream.skipped.count
    }
    try read(Array(order.prefix(16)))
    let seconds = try Timing.seconds(repetitions, warmups: 0) { try read(order) }
    return (rate(images, seconds), unreadable)
  }

  /// For people.
  package var summary: String {
    let rows = [
      ["decoding alone, 1 thread", "\(decoded.median.rounded(places: 1)) images per second"],
      ["1 thread", "\(perThread.median.rounded(places: 1)) images per second"],
      [
        "\(threads) threads", "\(together.median.rounded(places: 1)) images per second",
        "\((together.median / Double(threads)).rounded(places: 1)) per thread",
      ],
    ]
    let bad = unreadable == 0 ? "" : ", \(unreadable) of them unreadable"
    return "\(name): \(images) training images\(bad), median of \(repetitions) runs\n"
      + TextTable.text(threads == 1 ? Array(rows[..<2]) : rows, indent: 2) + "\n"
  }

  /// The same as one JSON object.
  package var json: String {
    var result = OrderedObject.benchmark(of: (name, digest))
    result.add("images", images)
    result.add("unreadable", unreadable)
    result.add("repetitions", repetitions)
    result.add("decoded_images_per_second", decoded)
    result.add("images_per_second_per_thread", perThread)
    result.add("threads", threads)
    result.add("images_per_second", together)
    return result.text
  }
}
