import FERCore
import TensorKit

/// Images with what they show, ready for the model.
public struct LabelledBatch: Sendable {
  /// `[N, size, size, 3]`, normalised.
  public var images: Tensor
  /// The class of each image.
  public var labels: [Int]
  /// The name of each image.
  public var ids: [String]

  public init(images: Tensor, labels: [Int], ids: [String]) {
    self.images = images
    self.labels = labels
    self.ids = ids
  }
}

/// A set of labelled images that hands out batches in a wanted order.
public protocol BatchSource {
  /// What there is.
  var samples: [Sample] { get }
  /// Prepares batches ahead of use. The same arguments give the same numbers, whatever was asked for before.
  /// - Parameter batches: indices into `samples`.
  /// - Parameter epoch: what random augmentations depend on, beside the sample; nil for none.
  func stream(_ batches: [[Int]], epoch: Int?) throws -> any BatchStream
}

/// Batches one after another.
public protocol BatchStream: AnyObject {
  /// The next batch; nil at the end.
  func next() throws -> LabelledBatch?
}

extension [Int] {
  /// Consecutive pieces of at most `size`.
  func batches(of size: Int) -> [[Int]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
