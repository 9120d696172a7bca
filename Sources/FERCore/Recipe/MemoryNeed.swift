import NeuralKit
import Support
import TensorKit

/// The memory that a model's parameters and buffers take, reckoned before any of it is filled.
package struct MemoryNeed {
  /// All of them, in bytes.
  package let values: Int
  /// Those that training changes, in bytes.
  package let trained: Int
  /// The part of the model that takes most, by its parameters' path, and its numbers.
  private let largest: (part: String, count: Int)

  /// That of a model.
  package init(of store: ParameterStore) {
    var counts: [String: Int] = [:]
    for parameter in store.all { counts[parameter.partPath, default: 0].add(parameter.count) }
    largest = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }.map { ($0.key, $0.value) } ?? ("", 0)
    values = Self.bytes(store.all)
    trained = Self.bytes(store.trainable)
  }

  private static func bytes(_ parameters: [Parameter]) -> Int {
    var bytes = 0
    for parameter in parameters { for _ in 0..<MemoryLayout<Float>.stride { bytes.add(parameter.count) } }
    return bytes
  }

  /// The objection to a model whose parameters alone take more memory than there ever is; nil for any other.
  func issue(within limits: MemoryLimits) -> RecipeIssue? {
    guard values > limits.total else { return nil }
    let steps = largest.part.split(separator: ".").map { JSONPath.Step.key(String($0)) }
    let path = JSONPath(steps: (largest.part.hasPrefix("losses.") ? [] : [.key("model")]) + steps)
    return RecipeIssue(
      path,
      "has \(largest.count) parameters; with them the model takes \(ByteCount.text(values)) of memory, and "
        + "\(limits.source.rawValue) allows \(ByteCount.text(limits.total))")
  }
}

extension Recipe {
  /// What training keeps in memory from its first step on, whatever a batch takes: parameters, their gradients, what the
  /// optimiser gathers and the running average, in bytes.
  package func memoryOfTraining() throws -> Int {
    let need = MemoryNeed(of: try buildModel(loadingWeights: false, filling: false).store)
    return need.values + need.trained * (1 + (try optimizerArrays())) + (training.ema > 0 ? need.values : 0)
  }

  /// How many numbers the optimiser keeps for each that it changes, as it shows on one.
  package func optimizerArrays() throws -> Int {
    let (optimizer, store) = (try makeOptimizer(), ParameterStore())
    let probe = ParameterScope(store: store).parameter("probe", [1], .zeros)
    store.fill(seed: 0)
    probe.gradient = .zeros([1])
    Running.of(optimizer) { optimizer.step([probe], learningRate: 0) {} }
    return optimizer.state.tensors.values.reduce(0) { $0 + $1.count }
  }
}

extension Int {
  /// Adds, up to the largest number.
  fileprivate mutating func add(_ other: Int) {
    let (sum, isTooLarge) = addingReportingOverflow(other)
    self = isTooLarge ? .max : sum
  }
}
