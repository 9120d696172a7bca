import FERCore
import TensorKit

/// The part of each batch that one of several processes prepares, each its own.
///
/// A batch of n rows is cut into S shards, of which shard s has the rows s·n/S ..< (s+1)·n/S; rank r of R has the shards
/// r·S/R ..< (r+1)·S/R. A batch with fewer rows than shards, the last one of an epoch, is not cut: each process then
/// prepares all of it, and takes the step by itself.
package struct BatchPart: Sendable {
  /// Who prepares the other parts.
  package let ranks: any Collective
  private let shards: Int

  /// The part of this process.
  /// - Precondition: ``problem(ranks:shards:batch:images:)`` is nil.
  package init(of ranks: any Collective, shards: Int) { (self.ranks, self.shards) = (ranks, shards) }

  /// The places of this process's rows in a batch of `count`.
  package func places(of count: Int) -> Range<Int> {
    guard count >= shards else { return 0..<count }
    let first = { (rank: Int) in rank * shards / ranks.size * count / shards }
    return first(ranks.rank)..<first(ranks.rank + 1)
  }

  /// Why a batch cannot be shared by so many processes; nil where it can. The sum over shards is a tree of pairs, of which
  /// each process must hold a whole branch, for sums to have the same bits on one as on many.
  package static func problem(ranks: Int, shards: Int, batch: Int, images: Int) -> String? {
    guard ranks > 1 else { return nil }
    let least = min(batch, images)
    if ranks > least {
      let what = batch <= images ? "training.batch is \(batch)" : "there are \(images) training images"
      return "\(ranks) processes cannot share a batch: \(what); start at most \(least)"
    }
    let each = shards / ranks
    guard each * ranks == shards, each & (each - 1) == 0 else {
      let good = (1...shards).filter { shards % $0 == 0 && (shards / $0) & (shards / $0 - 1) == 0 }
      return "\(ranks) processes cannot share the \(shards) shards of a batch (training.shards) evenly; start "
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
