import FERCore
import FERData
import TensorKit

/// What several processes have of the rows of a step's batch, as all of it: for those who look across its rows.
struct WholeBatch {
  private let ranks: any Collective
  /// Where each row of the batch stands among the rows of all ranks, one rank's behind the other's.
  private let order: [Int]

  /// - Parameter batch: what this process has of it.
  init(_ batch: Batch, of part: BatchPart) {
    let count = batch.stepIndices.count
    ranks = part.ranks(sharing: count)
    guard ranks.size > 1 else {
      order = []
      return
    }
    let places = (0..<ranks.size).flatMap { part.places(of: count, on: $0) }
    order = places.indices.sorted { places[$0] < places[$1] }
  }

  /// The rows of all ranks, without their history.
  /// - Parameter own: what the model made of the rows of this process.
  /// - Throws: `CollectiveFault`
  func outcome(_ own: Outcome) throws -> Outcome {
    ranks.size > 1 ? try own.mapped(rows, shared: \.detached) : own
  }

  /// The rows of all ranks. What only some of them have, as shares of classes, is filled up for the others.
  /// - Throws: `CollectiveFault`
  func targets(_ own: Targets, classCount: Int) throws -> Targets {
    guard ranks.size > 1 else { return own }
    let has = try ranks.gathered([own.distribution == nil ? 0 : 1, own.weights == nil ? 0 : 1])
    var whole = Targets(labels: try numbers(own.labels.map { Float($0) }).map { Int($0) })
    whole.classCounts = own.classCounts
    if has.contains(where: { $0[0] > 0 }) {
      whole.distribution = try rows(own.distribution(classCount: classCount, smoothing: 0))
    }
    if has.contains(where: { $0[1] > 0 }) {
      whole.weights = try numbers(own.weights ?? own.labels.map { _ in 1 })
    }
    return whole
  }

  /// One number a row.
  private func numbers(_ own: [Float]) throws -> [Float] {
    let all = Array(try ranks.gathered(own).joined())
    return order.map { all[$0] }
  }

  private func rows(_ own: Tensor) throws -> Tensor {
    let numbers = Array(try ranks.gathered(own.values).joined())
    return Tensor([order.count] + own.shape.dropFirst(), numbers).gathered(rows: order)
  }
}
