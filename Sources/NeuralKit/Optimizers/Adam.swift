import TensorKit

/// Adaptive moments (Kingma and Ba 2015), with L2 weight decay added to the gradient.
///
///     m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
///     w ← w − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// Computed in the order of `torch.optim.Adam`.
package final class Adam: Optimizer {
  package struct Options: ComponentOptions {
    @OptionGroup package var moments = AdamOptions()
    @Option("Weight decay: this times the weight joins the gradient.", 0...) package var weightDecay: Float =
      0

    package init() {}
  }

  package let learningRate: Float
  private let moments: AdamMoments
  private let weightDecay: Float

  package init(_ options: Options) {
    (learningRate, weightDecay) = (options.moments.learningRate, options.weightDecay)
    moments = AdamMoments(options.moments)
  }

  package func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows {
    moments.step(parameters, learningRate: learningRate) { _ in (decay: weightDecay, isDecoupled: false) }
  }

  package var state: OptimizerState {
    get { moments.slots.state }
    set { moments.slots.state = newValue }
  }
}
