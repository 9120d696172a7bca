import CKernels
import TensorKit

/// Stochastic gradient descent with momentum (Polyak 1964; Nesterov 1983).
///
///     u ← μ u + (1 − d) g        w ← w − η u        (Nesterov: w ← w − η (g + μ u))
///
/// The first step takes u = g. Computed in the order of `torch.optim.SGD`.
package final class SGD: Optimizer {
  package struct Options: ComponentOptions {
    @Option("Learning rate η that the schedule starts from.", above: 0) package var learningRate: Float = 0.01
    @Option("How much of the velocity is kept each step, μ.", 0..<1) package var momentum: Float = 0
    @Option("Share of the gradient left out of the velocity, d.", 0..<1) package var dampening: Float = 0
    @Option("Whether to look ahead along the velocity.") package var nesterov = false
    @Option("Weight decay: this times the weight joins the gradient.", 0...) package var weightDecay: Float =
      0

    package init() {}

    package func issues() -> [OptionIssue] {
      nesterov && (momentum == 0 || dampening != 0)
        ? [OptionIssue("nesterov", "needs momentum above 0 and dampening 0")] : []
    }
  }

  package let learningRate: Float
  private let options: Options
  private var slots = OptimizerSlots(["velocity"])

  package init(_ options: Options) {
    learningRate = options.learningRate
    self.options = options
  }

  package func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows {
    slots.forEach(of: parameters) { parameter, gradient, slot in
      let factors = arbex_momentum_factors(
        learningRate: learningRate * parameter.learningRateScale, momentum: options.momentum,
        oneMinusDampening: 1 - options.dampening, decay: options.weightDecay,
        nesterov: options.nesterov ? 1 : 0, isFirst: slot.steps == 0 ? 1 : 0)
      slot.steps += 1
      parameter.rewrite { value in
        gradient.read { gradient in
          slot.arrays[0].change { arbex_momentum(value, value, gradient, $0, factors, parameter.count) }
        }
      }
    }
  }

  package var state: OptimizerState {
    get { slots.state }
    set { slots.state = newValue }
  }
}
