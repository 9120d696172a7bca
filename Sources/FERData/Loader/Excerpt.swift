import FERCore

/// Some samples of a source, as a source of their own. Each image is prepared as it would be among all.
package struct Excerpt: BatchSource {
  package let samples: [Sample]
  private let source: any BatchSource
  private let places: [Int]

  /// - Parameter places: indices into the source's samples, each at most once.
  package init(of source: any BatchSource, places: [Int]) {
    (self.source, self.places) = (source, places)
    let all = source.samples
    samples = places.map { all[$0] }
  }

  /// So many samples, spread over all of the source.
  package init(of source: any BatchSource, count: Int) {
    let all = source.samples.count
    let kept = min(count, all)
    self.init(of: source, places: (0..<kept).map { $0 * all / kept })
  }

  package var problems: [String] { source.problems }

  package func image(of id: String) -> Image? { source.image(of: id) }

  package func stream(_ request: BatchRequest) throws -> any BatchStream {
    var translated = request
    translated.order = request.order.map { places[$0] }
    translated.alreadySkipped = request.alreadySkipped.map { places[$0] }
    return Stream(inner: try source.stream(translated), places: places)
  }

  /// Tells indices of the excerpt.
  private final class Stream: BatchStream {
    private let inner: any BatchStream
    private let own: [Int: Int]

    init(inner: any BatchStream, places: [Int]) {
      self.inner = inner
      own = Dictionary(uniqueKeysWithValues: zip(places, places.indices))
    }

    var skipped: [Int] { inner.skipped.compactMap { own[$0] } }
    var problems: [String] { inner.problems }

    func next() throws -> Batch? {
      try inner.next().map { batch in
        Batch(
          number: batch.number, images: batch.images, indices: batch.indices.compactMap { own[$0] },
          firstRow: batch.firstRow, of: batch.stepIndices.compactMap { own[$0] })
      }
    }
  }
}
