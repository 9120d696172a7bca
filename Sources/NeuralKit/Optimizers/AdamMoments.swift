import CKernels
import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// What both kinds of Adam do: running means of the gradient and of its square, and the step by them.
final class AdamMoments {
  var slots = OptimizerSlots(["moment1", "moment2"])
  private let options: AdamOptions

  init(_ options: AdamOptions) { self.options = options }

  /// - Parameter decay: how much of the weight joins the gradient or, decoupled, leaves the weight.
  func step(
    _ parameters: [Parameter], learningRate: Float, decay: (Parameter) -> (decay: Float, isDecoupled: Bool)
  ) {
    let beta1 = options.beta1, beta2 = options.beta2
    slots.forEach(of: parameters) { parameter, gradient, slot in
      slot.steps += 1
      let rate = Double(learningRate * parameter.learningRateScale)
      let (decay, isDecoupled) = decay(parameter)
      let factors = arbex_adam_factors(
        stepSize: Float(rate / (1 - pow(beta1, Double(slot.steps)))), oneMinusBeta1: Float(1 - beta1),
        beta2: Float(beta2), oneMinusBeta2: Float(1 - beta2),
        rootCorrection2: Float((1 - pow(beta2, Double(slot.steps))).squareRoot()), epsilon: options.epsilon,
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

/// The options that both kinds of Adam have.
package struct AdamOptions: ComponentOptions {
  @Option("Learning rate η that the schedule starts from.", above: 0) package var learningRate: Float = 1e-3
  @Option("How much of the mean gradient is kept each step, β₁.", 0..<1) package var beta1 = 0.9
  @Option("How much of the mean squared gradient is kept each step, β₂.", 0..<1) package var beta2 = 0.999
  @Option("Added to the denominator, ε.", above: 0) package var epsilon: Float = 1e-8

  package init() {}
}
