import FERCore
import FERData
import TensorKit

/// What several processes have of the rows of a step's batch, as all of it: for those who look across its rows.
package struct WholeBatch {
  private let ranks: any Collective
  /// Where each row of the batch stands among the rows of all ranks, one rank's behind the other's.
  private let order: [Int]

  /// - Parameter batch: what this process has of it.
  /// - Throws: `CollectiveFault`
  package init(_ batch: Batch, of part: BatchPart) throws {
    let count = batch.stepIndices.count
    ranks = part.ranks(sharing: count)
    guard ranks.size > 1 else {
      order = []
      return
    }
    let places = try ranks.gathered(part.places(of: count).map { Float($0) }).joined().map { Int($0) }
    order = places.indices.sorted { places[$0] < places[$1] }
  }

  /// The rows of all ranks, without their history.
  /// - Parameter own: what the model made of the rows of this process.
  /// - Throws: `CollectiveFault`
  func outcome(_ own: Outcome) throws -> Outcome {
    guard ranks.size > 1 else { return own }
    var evidence: Evidence = [:]
    for (key, value) in own.evidence.sorted(by: {
      ($0.key.name, $0.key.layout.rawValue) < ($1.key.name, $1.key.layout.rawValue)
    }) {
      evidence[key] = key.layout == .shared ? value.detached : try rows(value)
    }
    return Outcome(
      embedding: try rows(own.embedding), logits: try rows(own.logits), primary: try rows(own.primary),
      terms: try own.terms.map { .init(name: $0.name, distribution: try rows($0.distribution)) },
      final: try rows(own.final), evidence: evidence)
  }

  /// The rows of all ranks. What only some of them have, as shares of classes, is filled up for the others.
  /// - Throws: `CollectiveFault`
  package func targets(_ own: Targets, classCount: Int) throws -> Targets {
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
