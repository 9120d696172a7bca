import CKernels
import TensorKit

/// An exponential moving average of weights, which often predicts better than the last weights (Polyak and
/// Juditsky 1992).
///
///     a ← a + (1 − d) (w − a),   d = min(decay, (1 + t) / (10 + t)) at the t-th update
///
/// The short memory of the first updates keeps the initial weights from lingering. Buffers, such as running
/// means, are averaged alike; what is frozen is left out.
package final class WeightAverage {
  /// How much of the average is kept each update.
  package let decay: Double
  /// How many updates there were.
  package private(set) var updates = 0
  private var averages: [String: OptimizerSlot.Numbers] = [:]

  /// An average that has seen nothing yet.
  package init(decay: Double) { self.decay = decay }

  /// Lets the averages follow the parameters; the first update copies them.
  package func update(from parameters: [Parameter]) {
    updates += 1
    let share = Float(1 - min(decay, Double(1 + updates) / Double(10 + updates)))
    let followed = parameters.filter { !$0.isFrozen }
    for parameter in followed where averages[parameter.name] == nil {
      averages[parameter.name] = OptimizerSlot.Numbers(parameter.value)
    }
    let pairs = followed.compactMap { parameter in averages[parameter.name].map { (parameter, $0) } }
    Parallel.forEach(pairs.count) { index in
      let (parameter, average) = pairs[index]
      parameter.value.read { value in average.change { arbex_blend_into($0, value, share, parameter.count) } }
    }
  }

  /// Runs `body` with the averages in place of the parameters' values, and puts the values back.
  package func whileSwappedIn<Result>(to parameters: [Parameter], _ body: () throws -> Result) rethrows
    -> Result
  {
    let swapped = parameters.compactMap { parameter in averages[parameter.name].map { (parameter, $0) } }
    let values = swapped.map(\.0.value)
    for (parameter, average) in swapped { parameter.value = average.tensor }
    defer { for ((parameter, _), value) in zip(swapped, values) { parameter.value = value } }
    return try body()
  }

  /// Everything gathered, for a checkpoint: averages by parameter name, the counter under "updates".
  package var state: OptimizerState {
    get { OptimizerState(counters: ["updates": updates], tensors: averages.mapValues(\.tensor)) }
    set {
      updates = newValue.counters["updates"] ?? 0
      averages = newValue.tensors.mapValues(OptimizerSlot.Numbers.init)
    }
  }
}
