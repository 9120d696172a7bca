import Support
import TensorKit

/// Changes parameters so that the loss falls.
///
/// Parameters without a gradient, and frozen ones, stay as they are. Each parameter's own
/// ``Parameter/learningRateScale`` multiplies the rate. State is kept by parameter name, so it fits again after a
/// model has been rebuilt.
public protocol Optimizer: AnyObject, Component where Kind == any Optimizer {
  /// The learning rate that a schedule starts from.
  var learningRate: Float { get }
  /// One update from the parameters' gradients.
  /// - Parameter learningRate: the rate of this step.
  /// - Parameter recompute: clears the gradients and finds them anew at the parameters' current values; for
  ///   optimisers that look around before they step.
  func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows
  /// Everything it has gathered, for a checkpoint.
  var state: OptimizerState { get set }
}

/// What an optimiser has gathered: "parameter name/slot name" to numbers, and steps by parameter name.
public struct OptimizerState: Sendable {
  /// Steps taken, by parameter.
  public var counters: [String: Int]
  /// Moments and velocities, in the layout that parameters have in memory.
  public var tensors: [String: Tensor]

  /// A state of these numbers.
  public init(counters: [String: Int] = [:], tensors: [String: Tensor] = [:]) {
    self.counters = counters
    self.tensors = tensors
  }
}

/// What optimisers keep for one parameter.
final class OptimizerSlot {
  /// One array of numbers, changed in place.
  final class Numbers {
    var tensor: Tensor
    init(_ tensor: Tensor) { self.tensor = tensor }
    func change(_ body: (UnsafeMutablePointer<Float>) -> Void) {
      tensor.update { if let base = $0.baseAddress { body(base) } }
    }
  }

  var steps = 0
  let arrays: [Numbers]

  init(arrays: [Tensor]) { self.arrays = arrays.map(Numbers.init) }
}

/// The slots of all parameters, by name.
struct OptimizerSlots {
  /// What each array of a slot is called in a checkpoint.
  let names: [String]
  private var slots: [String: OptimizerSlot] = [:]

  init(_ names: [String]) { self.names = names }

  /// Runs `update` for every parameter that has a gradient, on all threads.
  mutating func forEach(of parameters: [Parameter], _ update: (Parameter, Tensor, OptimizerSlot) -> Void) {
    let work = parameters.compactMap { parameter -> (Parameter, Tensor, OptimizerSlot)? in
      guard parameter.isTrainable, let gradient = parameter.gradient else { return nil }
      require(
        gradient.shape == parameter.shape,
        "gradient of \(parameter.name) is \(gradient.shape), not \(parameter.shape)")
      let slot = slots[parameter.name] ?? OptimizerSlot(arrays: names.map { _ in .zeros(parameter.shape) })
      slots[parameter.name] = slot
      return (parameter, gradient, slot)
    }
    Parallel.forEach(work.count) { update(work[$0].0, work[$0].1, work[$0].2) }
  }

  var state: OptimizerState {
    get {
      var state = OptimizerState()
      for (name, slot) in slots {
        state.counters[name] = slot.steps
        for (slotName, array) in zip(names, slot.arrays) {
          state.tensors["\(name)/\(slotName)"] = array.tensor
        }
      }
      return state
    }
    set {
      slots = [:]
      for (name, steps) in newValue.counters {
        let arrays = names.compactMap { newValue.tensors["\(name)/\($0)"] }
        guard arrays.count == names.count else { continue }
        let slot = OptimizerSlot(arrays: arrays)
        slot.steps = steps
        slots[name] = slot
      }
    }
  }
}

extension Parameter {
  /// Lets `change` overwrite the value, in place where nobody else shares its numbers.
  func rewrite(_ change: (UnsafeMutablePointer<Float>) -> Void) {
    update { if let base = $0.baseAddress { change(base) } }
  }
}

extension Tensor {
  /// The numbers as a pointer for a C loop; nothing happens where there are none.
  func read(_ body: (UnsafePointer<Float>) -> Void) {
    withValues { if let base = $0.baseAddress { body(base) } }
  }
}
