import FERCore
import TensorKit

/// Images with what they show, ready for the model.
public struct LabelledBatch: Sendable {
  /// The place among the epoch's batches; numbers may be left out where images cannot be read.
  public var number: Int
  /// `[N, size, size, 3]`, normalised.
  public var images: Tensor
  /// The class of each image.
  public var labels: [Int]
  /// The shares of the classes in each image `[N, C]`, where several annotators were asked.
  public var distribution: Tensor?
  /// The name of each image.
  public var ids: [String]

  /// A batch of these images.
  public init(number: Int, images: Tensor, labels: [Int], distribution: Tensor? = nil, ids: [String]) {
    self.number = number
    self.images = images
    self.labels = labels
    self.distribution = distribution
    self.ids = ids
  }

  /// What the losses aim at.
  public var targets: Targets { Targets(labels: labels, distribution: distribution) }
}

/// Which batches are wanted.
public struct BatchRequest: Sendable {
  /// Indices into the source's samples.
  public var order: [Int]
  /// Images in a batch; the last may be smaller.
  public var batchSize: Int
  /// What random augmentations depend on, beside seed and place; nil for none.
  public var epoch: Int?
  /// The first batch to deliver, for an epoch taken up in its middle.
  public var firstBatch = 0
  /// Smaller batches are left out: 2 keeps a single image away from batch norm.
  public var smallestBatch = 1
  /// Samples that had been skipped as unreadable before the first batch.
  public var alreadySkipped: [Int] = []

  /// All batches of that order.
  public init(order: [Int], batchSize: Int, epoch: Int? = nil) {
    self.order = order
    self.batchSize = batchSize
    self.epoch = epoch
  }

  /// How many batches that makes in all, where every image can be read.
  public var batchCount: Int { order.count / batchSize + (order.count % batchSize >= smallestBatch ? 1 : 0) }
}

/// A set of labelled images that hands out batches in a wanted order.
public protocol BatchSource {
  /// What there is.
  var samples: [Sample] { get }
  /// Images that are not among the samples because they cannot be read, and why.
  var problems: [String] { get }
  /// Prepares batches ahead of use. The same request gives the same numbers, whatever was asked for before.
  func stream(_ request: BatchRequest) throws -> any BatchStream
  /// The image of a sample as it was read, for people; nil where there is none.
  func image(of id: String) -> Image?
}
extension BatchSource {
  /// None: for sources that cannot show single images.
  public func image(of id: String) -> Image? { nil }
}

/// Batches one after another.
public protocol BatchStream: AnyObject {
  /// The next batch; nil at the end.
  func next() throws -> LabelledBatch?
  /// The samples skipped so far as unreadable, those of the request among them.
  var skipped: [Int] { get }
  /// Why they could not be read, those of the request apart.
  var problems: [String] { get }
}

extension BatchSource {
  /// None.
  public var problems: [String] { [] }
}
