import TensorKit

/// ``Adam`` with decoupled weight decay (Loshchilov and Hutter 2019): w shrinks by η λ before the step.
///
/// Computed in the order of `torch.optim.AdamW`.
package final class AdamW: Optimizer {
  package struct Options: ComponentOptions {
    @OptionGroup package var moments = AdamOptions()
    @Option("Weight decay λ: each step shrinks the weight by learning rate times this.", 0...)
    package var weightDecay: Float = 0.01
    @Option("Whether biases, norms and other parameters with one axis decay too.")
    package var decaysVectors = true

    package init() {}
  }

  package let learningRate: Float
  private let moments: AdamMoments
  private let options: Options

  package init(_ options: Options) {
    (self.options, learningRate) = (options, options.moments.learningRate)
    moments = AdamMoments(options.moments)
  }

  package func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows {
    moments.step(parameters, learningRate: learningRate) { parameter in
      let decays = options.decaysVectors || parameter.shape.count > 1
      return (decay: decays ? options.weightDecay : 0, isDecoupled: true)
    }
  }

  package var state: OptimizerState {
    get { moments.slots.state }
    set { moments.slots.state = newValue }
  }
}
