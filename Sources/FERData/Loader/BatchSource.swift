import FERCore
import TensorKit

/// Which batches are wanted.
package struct BatchRequest: Sendable {
  /// Indices into the source's samples.
  package var order: [Int]
  /// Samples in a batch; the last may be smaller.
  package var batchSize: Int
  /// What random augmentations depend on, beside seed and place; nil prepares images as evaluation sees them.
  package var epoch: Int?
  /// The first batch to deliver, for an epoch taken up in its middle.
  package var firstBatch = 0
  /// Smaller batches are left out: 2 keeps a single sample away from batch norm.
  package var smallestBatch = 1
  /// Samples that had been skipped as unreadable before the first batch.
  package var alreadySkipped: [Int] = []
  /// Which rows of each batch this process prepares; nil for all.
  package var part: BatchPart?

  /// All batches of that order.
  package init(order: [Int], batchSize: Int, epoch: Int? = nil) {
    (self.order, self.batchSize, self.epoch) = (order, batchSize, epoch)
  }

  /// The order cut into batches, the last one with the rest; a rest that is too small is left out.
  package var batches: [[Int]] {
    let size = max(1, batchSize)
    return stride(from: 0, to: order.count, by: size).map { Array(order[$0..<min($0 + size, order.count)]) }
      .filter { $0.count >= min(smallestBatch, size) }
  }

  /// How many batches that makes in all, where every image can be read.
  package var batchCount: Int {
    let (whole, rest) = order.count.quotientAndRemainder(dividingBy: max(1, batchSize))
    return whole + (rest >= max(1, smallestBatch) ? 1 : 0)
  }
}

/// A set of labelled images that hands out batches in a wanted order.
package protocol BatchSource {
  /// What there is.
  var samples: [Sample] { get }
  /// Images that are not among the samples because they cannot be read, and why.
  var problems: [String] { get }
  /// Prepares batches ahead of use. The same request gives the same numbers, whatever was asked for before.
  func stream(_ request: BatchRequest) throws -> any BatchStream
  /// The path of the file that a sample is read from; where there is none, one at which no file lies.
  func file(at index: Int) -> String
  /// Files beside those that decide what the samples are.
  var tables: [String] { get }
  /// The image of a sample as it was read, for people; nil where there is none.
  func image(of id: String) -> Image?
}
extension BatchSource {
  package var problems: [String] { [] }
  package func file(at index: Int) -> String { "" }
  package var tables: [String] { [] }
  package func image(of id: String) -> Image? { nil }
}

/// Batches one after another.
package protocol BatchStream: AnyObject {
  /// The next batch; nil at the end.
  func next() throws -> Batch?
  /// The samples skipped so far as unreadable, those of the request among them.
  var skipped: [Int] { get }
  /// Why they could not be read, those of the request apart.
  var problems: [String] { get }
}
