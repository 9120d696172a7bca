import FERCore
import TensorKit

/// The part of each batch that one of several processes prepares, each its own.
///
/// A batch goes through the network in pieces of whole shards (``TensorKit/Shards``), and the processes share the shards of each
/// piece: so what looks across the rows of a piece sees the same ones on any number of processes. A batch with fewer rows than
/// shards, the last one of an epoch, is not shared: each process then prepares all of it, and takes the step by itself.
package struct BatchPart: Sendable {
  /// Who prepares the other parts.
  package let ranks: any Collective
  private let shards, accumulate: Int

  /// The part of this process.
  /// - Parameter accumulate: the pieces of a large batch; it divides `shards`.
  /// - Precondition: ``problem(ranks:shards:accumulate:batch:images:)`` is nil.
  package init(of ranks: any Collective, shards: Int, accumulate: Int = 1) {
    (self.ranks, self.shards, self.accumulate) = (ranks, shards, accumulate)
  }

  /// Who shares a batch of `count` rows.
  package func ranks(sharing count: Int) -> any Collective { count < shards ? SingleProcess() : ranks }

  /// What this process has of each piece of a batch of `count` rows.
  package func pieces(of count: Int) -> [Shards] {
    let ranks = ranks(sharing: count), pieces = Self.pieceCount(of: count, accumulate: accumulate)
    return (0..<pieces).map { piece in
      let group = piece * ranks.size..<(piece + 1) * ranks.size
      return Shards(
        count, shards: shards, part: group.lowerBound + ranks.rank, of: pieces * ranks.size, in: group,
        over: ranks)
    }
  }

  /// The places of this process's rows in a batch of `count`, piece by piece.
  package func places(of count: Int) -> [Int] { places(of: count, on: ranks(sharing: count).rank) }

  /// The places of a rank's rows in a batch of `count`, piece by piece.
  package func places(of count: Int, on rank: Int) -> [Int] {
    let size = ranks(sharing: count).size, pieces = Self.pieceCount(of: count, accumulate: accumulate)
    return (0..<pieces).flatMap {
      Shards(count, shards: shards, part: $0 * size + rank, of: pieces * size).images
    }
  }

  /// How many pieces there are: as many as the recipe says, fewer where one would have a single image, which a batch norm
  /// cannot work with.
  package static func pieceCount(of count: Int, accumulate: Int) -> Int {
    (1...max(1, accumulate)).last { accumulate % $0 == 0 && ($0 == 1 || count / $0 >= 2) } ?? 1
  }

  /// Why a batch cannot be shared by so many processes; nil where it can. The sum over shards is a tree of pairs, of which
  /// each process must hold a whole branch, for sums to have the same bits on one as on many.
  package static func problem(
    ranks: Int, shards: Int, accumulate: Int = 1, batch: Int, images: Int
  ) -> String? {
    guard ranks > 1 else { return nil }
    let least = min(batch, images)
    if ranks > least {
      let what = batch <= images ? "training.batch is \(batch)" : "there are \(images) training images"
      return "\(ranks) processes cannot share a batch: \(what); start at most \(least)"
    }
    let own = shards / accumulate, each = own / ranks
    guard each * ranks == own, each & (each - 1) == 0 else {
      let good = (1...own).filter { own % $0 == 0 && (own / $0) & (own / $0 - 1) == 0 }
      let what =
        accumulate == 1
        ? "a batch (training.shards)" : "each of the \(accumulate) pieces of a batch (training.accumulate)"
      let parts = own == 1 ? "one shard" : "\(own) shards"
      return "\(ranks) processes cannot share the \(parts) of \(what) evenly; start "
        + "\(good.map(String.init).joined(separator: ", ")) of them"
    }
    return nil
  }
}

/// What ranks tell each other of images that could not be had.
struct BadReport: Codable {
  /// The place in the whole batch.
  let place: Int
  let index: Int
  let path: String
  let message: String
  let isRequest: Bool
  let component: String
  let wasKnown: Bool

  init(_ bad: BatchWork.Bad) {
    (place, index, wasKnown) = (bad.place, bad.index, bad.wasKnown)
    (path, message) = (bad.problem.path, bad.problem.message)
    (isRequest, component) = (bad.problem.isRequest, bad.problem.component)
  }

  var bad: BatchWork.Bad {
    let problem =
      component.isEmpty
      ? DataProblem(path, message, isRequest: isRequest) : DataProblem(path, message, by: component)
    return BatchWork.Bad(place: place, index: index, problem: problem, wasKnown: wasKnown)
  }
}

extension BatchPart {
  /// The bad images of all parts of a batch, in the batch's order.
  func gathered(_ own: [BatchWork.Bad]) throws -> [BatchWork.Bad] {
    try ranks.gathered(values: own.map(BadReport.init)).flatMap { $0.map(\.bad) }
  }
}
