import FERCore
import TensorKit

/// One of the pieces that a step's batch goes through the network in, and what this process has of it.
struct StepPiece {
  /// The rows that this process has, by their places in the step's batch.
  let rows: Range<Int>
  /// The same, by their places among all rows that this process has.
  let own: Range<Int>
  /// How the piece is cut, over all processes.
  let shards: Shards

  /// The pieces of a batch of `count` images. Pieces are cut first and then shared among processes, so that a batch norm
  /// sees the same rows on any number of them.
  static func all(of count: Int, _ options: TrainingOptions, over collective: any Collective) -> [StepPiece] {
    let pieces = pieceCount(of: count, options), parts = pieces * collective.size
    var first = 0
    return (0..<pieces).map { piece in
      let group = piece * collective.size..<(piece + 1) * collective.size
      let shards = Shards(
        count, shards: options.shards, part: group.lowerBound + collective.rank, of: parts, in: group,
        over: collective)
      defer { first += shards.images.count }
      return StepPiece(rows: shards.images, own: first..<first + shards.images.count, shards: shards)
    }
  }

  /// How many pieces there are: as many as the recipe says, fewer where one would have a single image, which a batch norm
  /// cannot work with.
  static func pieceCount(of count: Int, _ options: TrainingOptions) -> Int {
    (1...max(1, options.accumulate)).last { options.accumulate % $0 == 0 && ($0 == 1 || count / $0 >= 2) }
      ?? 1
  }
}

/// What the pieces of a step, and the processes, add up to.
struct StepSums {
  /// For each trainable parameter; nil where no loss depends on it.
  var gradients: [Tensor?]
  /// In the order of their names.
  var losses: [Objective.Part]

  /// Adds another piece.
  mutating func add(_ other: StepSums) {
    for index in gradients.indices {
      guard let more = other.gradients[index] else { continue }
      gradients[index] = gradients[index].map { $0 + more } ?? more
    }
    for index in losses.indices { losses[index].sum += other.losses[index].sum }
  }
}
