import FERCore
import TensorKit

// What several processes found of the parts of a batch, as all of it: for those who look across its rows.
extension Batch {
  /// The rows of all ranks, in the order of the step's batch.
  /// - Parameter outcome: what the model made of the rows of this process.
  /// - Throws: `CollectiveFault`
  func whole(
    _ outcome: Outcome, _ targets: Targets, on ranks: any Collective
  ) throws -> (outcome: Outcome, targets: Targets) {
    guard isShared else { return (outcome, targets) }
    return (try outcome.gathered(on: ranks), try targets.gathered(on: ranks, like: outcome.primary.shape[1]))
  }
}

extension Outcome {
  /// The rows of all ranks, without their history.
  fileprivate func gathered(on ranks: any Collective) throws -> Outcome {
    var whole: Evidence = [:]
    for (key, value) in evidence.sorted(by: {
      ($0.key.name, $0.key.layout.rawValue) < ($1.key.name, $1.key.layout.rawValue)
    }) {
      whole[key] = key.layout == .shared ? value.detached : try value.gatheredRows(on: ranks)
    }
    return Outcome(
      embedding: try embedding.gatheredRows(on: ranks), logits: try logits.gatheredRows(on: ranks),
      primary: try primary.gatheredRows(on: ranks),
      terms: try terms.map {
        Term(name: $0.name, distribution: try $0.distribution.gatheredRows(on: ranks))
      }, final: try final.gatheredRows(on: ranks), evidence: whole)
  }
}

extension Targets {
  /// The rows of all ranks. What only some of them have, as shares of classes, is filled up for the others.
  fileprivate func gathered(on ranks: any Collective, like classCount: Int) throws -> Targets {
    let has = try ranks.gathered([distribution == nil ? 0 : 1, weights == nil ? 0 : 1])
    let all = try ranks.gathered(labels.map { Float($0) }).joined().map { Int($0) }
    var whole = Targets(labels: all)
    whole.classCounts = classCounts
    if has.contains(where: { $0[0] > 0 }) {
      whole.distribution = try distribution(classCount: classCount, smoothing: 0).gatheredRows(on: ranks)
    }
    if has.contains(where: { $0[1] > 0 }) {
      whole.weights = Array(try ranks.gathered(weights ?? labels.map { _ in 1 }).joined())
    }
    return whole
  }
}

extension Tensor {
  /// The rows of all ranks, whose other axes are the same.
  fileprivate func gatheredRows(on ranks: any Collective) throws -> Tensor {
    let numbers = Array(try ranks.gathered(values).joined())
    return Tensor([numbers.count / (count / shape[0])] + shape.dropFirst(), numbers)
  }
}
