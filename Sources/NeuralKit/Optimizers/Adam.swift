import CKernels
import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// Adaptive moments (Kingma and Ba 2015), with L2 weight decay added to the gradient.
///
///     m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
///     w ← w − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// Computed in the order of `torch.optim.Adam`.
public final class Adam: Optimizer {
  /// The settings, with their defaults.
  public struct Options: ComponentOptions {
    @Option("Learning rate η that the schedule starts from.", above: 0) public var learningRate: Float = 1e-3
    @Option("How much of the mean gradient is kept each step, β₁.", 0..<1) public var beta1 = 0.9
    @Option("How much of the mean squared gradient is kept each step, β₂.", 0..<1) public var beta2 = 0.999
    @Option("Added to the denominator, ε.", above: 0) public var epsilon: Float = 1e-8
    @Option("Weight decay: this times the weight joins the gradient.", 0...) public var weightDecay: Float = 0

    /// The defaults.
    public init() {}
  }

  /// The rate that the schedule starts from.
  public let learningRate: Float
  private let moments: AdamMoments
  private let weightDecay: Float

  /// An optimiser that has seen nothing yet.
  public init(_ options: Options) {
    learningRate = options.learningRate
    weightDecay = options.weightDecay
    moments = AdamMoments(beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon)
  }

  /// One update from the gradients of the parameters.
  public func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows {
    moments.step(parameters, learningRate: learningRate) { _ in (decay: weightDecay, isDecoupled: false) }
  }

  /// Everything gathered so far, for a checkpoint.
  public var state: OptimizerState {
    get { moments.slots.state }
    set { moments.slots.state = newValue }
  }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019): w shrinks by η λ before the step.
///
/// Computed in the order of `torch.optim.AdamW`.
public final class AdamW: Optimizer {
  /// The settings, with their defaults.
  public struct Options: ComponentOptions {
    @Option("Learning rate η that the schedule starts from.", above: 0) public var learningRate: Float = 1e-3
    @Option("How much of the mean gradient is kept each step, β₁.", 0..<1) public var beta1 = 0.9
    @Option("How much of the mean squared gradient is kept each step, β₂.", 0..<1) public var beta2 = 0.999
    @Option("Added to the denominator, ε.", above: 0) public var epsilon: Float = 1e-8
    @Option("Weight decay λ: each step shrinks the weight by learning rate times this.", 0...)
    public var weightDecay: Float = 0.01
    @Option("Whether biases, norms and other parameters with one axis decay too.") public var decaysVectors =
      true

    /// The defaults.
    public init() {}
  }

  /// The rate that the schedule starts from.
  public let learningRate: Float
  private let moments: AdamMoments
  private let options: Options

  /// An optimiser that has seen nothing yet.
  public init(_ options: Options) {
    learningRate = options.learningRate
    self.options = options
    moments = AdamMoments(beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon)
  }

  /// One update from the gradients of the parameters.
  public func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows {
    moments.step(parameters, learningRate: learningRate) { parameter in
      let decays = options.decaysVectors || parameter.shape.count > 1
      return (decay: decays ? options.weightDecay : 0, isDecoupled: true)
    }
  }

  /// Everything gathered so far, for a checkpoint.
  public var state: OptimizerState {
    get { moments.slots.state }
    set { moments.slots.state = newValue }
  }
}

/// The moments that both kinds of Adam share.
final class AdamMoments {
  var slots = OptimizerSlots(["moment1", "moment2"])
  private let beta1, beta2: Double
  private let epsilon: Float

  init(beta1: Double, beta2: Double, epsilon: Float) {
    (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
  }

  func step(
    _ parameters: [Parameter], learningRate: Float, decay: (Parameter) -> (decay: Float, isDecoupled: Bool)
  ) {
    slots.forEach(of: parameters) { parameter, gradient, slot in
      slot.steps += 1
      let rate = Double(learningRate * parameter.learningRateScale)
      let (decay, isDecoupled) = decay(parameter)
      let factors = arbex_adam_factors(
        stepSize: Float(rate / (1 - pow(beta1, Double(slot.steps)))), oneMinusBeta1: Float(1 - beta1),
        beta2: Float(beta2), oneMinusBeta2: Float(1 - beta2),
        rootCorrection2: Float((1 - pow(beta2, Double(slot.steps))).squareRoot()), epsilon: epsilon,
        decay: isDecoupled ? 0 : decay, shrink: isDecoupled ? Float(1 - rate * Double(decay)) : 1)
      parameter.rewrite { value in
        gradient.read { gradient in
          slot.arrays[0].change { first in
            slot.arrays[1].change { arbex_adam(value, value, gradient, first, $0, factors, parameter.count) }
          }
        }
      }
    }
  }
}
