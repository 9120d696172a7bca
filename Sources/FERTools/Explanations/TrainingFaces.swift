import FERCore
import FERData
import FERTraining
import Foundation
import NeuralKit
import Support
import TensorKit

/// The faces that a model was trained on, by where they lie in the space of its embeddings.
package struct TrainingFaces {
  /// One of them near a point.
  package struct Near: Sendable {
    /// The sample's name.
    package let id: String
    /// The class that the training set gives it.
    package let label: Int
    /// In units of the embedding.
    package let distance: Double
  }

  private let samples: [Sample]
  /// `[n, D]`, a row for each of the samples.
  private let embeddings: Tensor
  private let source: any BatchSource

  /// Runs the model over its training set, without augmentations, or reads what an earlier call left.
  /// - Parameter cache: a file where embeddings are kept, for the weights and the list of images that they belong to; nil
  ///   keeps none. Where it cannot be written, or somebody else's file lies there, none is kept.
  /// - Parameter tick: told how many of how many images are done.
  /// - Throws: where the set cannot be read, or is not the recipe's.
  package init(of trained: TrainedModel, cache: String?, tick: (Int, Int) -> Void = { _, _ in }) throws {
    let source = try RecipeImages(.train, of: trained.recipe, isTraining: false)
    let key = cache == nil ? "" : try Self.key(trained, source.samples)
    if let cache, let (places, embeddings) = Self.kept(in: cache, key: key, of: source.samples.count) {
      self.init(source, places, embeddings)
      return
    }
    var (rows, places) = ([Tensor](), [Int]())
    let size = trained.recipe.training.validationBatch
    let stream = source.stream(BatchRequest(order: Array(source.samples.indices), batchSize: size))
    while let batch = try stream.next() {
      rows.append(try trained.model(batch.images, .evaluation).embedding.detached)
      places += batch.indices
      tick(places.count, source.samples.count)
    }
    guard !rows.isEmpty else {
      throw DataProblem(trained.recipe.path, "none of its training images could be read")
    }
    let embeddings = Tensor.concatenated(rows, along: 0)
    if let cache, !FileSystem.exists(cache) || Self.isOwn(cache) {
      let arrays = ["embeddings": embeddings, "places": Tensor([places.count], places.map { Float($0) })]
      try? WeightFile.write(arrays, metadata: [Self.keyName: key], to: cache)
    }
    self.init(source, places, embeddings)
  }

  /// - Parameter places: which of the source's samples the rows of the embeddings are.
  init(_ source: any BatchSource, _ places: [Int], _ embeddings: Tensor) {
    (self.source, self.embeddings) = (source, embeddings)
    samples = places.map { source.samples[$0] }
  }

  /// The faces nearest to a point, the nearest first; of equally near ones the first of the set.
  package func nearest(to point: [Float], count: Int) -> [Near] {
    let (total, size) = (samples.count, embeddings.shape[1])
    var distances = [Double](repeating: 0, count: total)
    embeddings.withValues { values in
      distances.withUnsafeMutableBufferPointer { distances in
        Parallel.forEachBlock(of: total, size: max(1, (1 << 15) / max(1, size))) { rows in
          for row in rows { distances[row] = values[row * size..<(row + 1) * size].distance(to: point) }
        }
      }
    }
    return distances.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }.prefix(count).map {
      Near(id: samples[$0].id, label: samples[$0].label, distance: distances[$0])
    }
  }

  /// The picture of one, as it was read; nil where it cannot be.
  package func picture(of face: Near) -> Image? { source.image(of: face.id) }

  // MARK: kept embeddings

  private static let keyName = "belongsTo"
  /// Beyond this a 32-bit float does not tell every place.
  private static let mostPlaces = 1 << 24

  /// What embeddings depend on: the weights, the preprocessing, and which images there are. Not the images' content.
  private static func key(_ trained: TrainedModel, _ samples: [Sample]) throws -> String {
    let input = try JSONValue.encoding(trained.input).oneLine
    let names = samples.map { JSONValue.quoted($0.id) }.joined(separator: "\n")
    return Digest.sha256([try Digest.sha256(ofFile: trained.path), input, names].joined(separator: "\n"))
  }

  /// Whether this program kept embeddings there, of whatever.
  private static func isOwn(_ path: String) -> Bool { (try? WeightFile(path))?.metadata[keyName] != nil }

  /// nil where there is no such file, it belongs to something else, or it is damaged.
  private static func kept(in path: String, key: String, of count: Int) -> (places: [Int], rows: Tensor)? {
    guard count < mostPlaces, let file = try? WeightFile(path), file.metadata[keyName] == key,
      (try? file.verifyDigest()) != nil, let rows = try? file.tensor("embeddings"), rows.rank == 2,
      let numbers = try? file.tensor("places"), numbers.count == rows.shape[0]
    else { return nil }
    let places = numbers.values.compactMap { Int(exactly: $0) }.filter { 0..<count ~= $0 }
    guard places.count == numbers.count, !places.isEmpty else { return nil }
    return (places, rows)
  }
}
