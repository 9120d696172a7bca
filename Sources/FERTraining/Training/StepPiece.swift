import FERCore
import FERData
import TensorKit

/// One of the pieces that a step's batch goes through the network in, and what this process has of it.
struct StepPiece {
  /// The rows that this process has, by their places in the step's batch.
  var rows: Range<Int> { shards.images }
  /// The same, by their places among all rows that this process has.
  let own: Range<Int>
  /// How the piece is cut, over all processes.
  let shards: Shards

  /// The pieces of a batch of `count` images.
  static func all(of count: Int, in part: BatchPart) -> [StepPiece] {
    var first = 0
    return part.pieces(of: count).map { shards in
      defer { first += shards.images.count }
      return StepPiece(own: first..<first + shards.images.count, shards: shards)
    }
  }
}

extension BatchPart {
  /// What this process has of a batch, as the recipe says.
  init(_ options: TrainingOptions, of ranks: any Collective) {
    self.init(of: ranks, shards: options.shards, accumulate: options.accumulate)
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
