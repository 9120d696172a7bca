import TensorKit

/// Some samples ready for a network, from the loader to the loss. It holds no labels: what its rows are taken for is
/// decided by the samples and the label policies.
public struct Batch: Sendable {
  /// The place among the epoch's batches, from 0; numbers may be left out where images cannot be read.
  public let number: Int
  /// `[n·V, size, size, 3]`, normalised; view v of the i-th sample is row i·V + v.
  public let images: Tensor
  /// Where each of the n samples stands among the samples of the set.
  public let indices: [Int]
  /// The place of the first of them in the step's batch, over all pieces that a step is cut into.
  public let firstRow: Int
  /// ``indices`` of the step's whole batch, over all pieces and all processes.
  package let stepIndices: [Int]

  /// n samples with V images each, alone in their step.
  public init(number: Int, images: Tensor, indices: [Int], firstRow: Int = 0) {
    self.init(number: number, images: images, indices: indices, firstRow: firstRow, of: indices)
  }

  /// n samples with V images each.
  /// - Parameter stepIndices: those of the step's whole batch.
  package init(number: Int, images: Tensor, indices: [Int], firstRow: Int, of stepIndices: [Int]) {
    (self.number, self.images, self.indices, self.firstRow) = (number, images, indices, firstRow)
    self.stepIndices = stepIndices
  }

  /// How many images each sample has.
  package var viewCount: Int { images.shape[0] / max(1, indices.count) }

  /// Some of its samples, as a piece of the same step.
  /// - Parameter firstRow: the place of the first of them in the step's batch.
  package func sliced(_ rows: Range<Int>, firstRow: Int) -> Batch {
    let views = viewCount, isWhole = rows == indices.indices
    return Batch(
      number: number,
      images: isWhole
        ? images : images.sliced(along: 0, from: rows.lowerBound * views, count: rows.count * views),
      indices: Array(indices[rows]), firstRow: firstRow, of: stepIndices)
  }
}
