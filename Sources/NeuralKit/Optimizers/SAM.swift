import CKernels
import TensorKit

/// Sharpness-aware minimisation (Foret et al. 2021): steps by the gradient found at the worst place nearby.
///
///     w' = w + ρ g / (‖g‖ + 1e-12)        the base optimiser then steps from w by the gradient at w'
///
/// ‖g‖ is the norm over all parameters. `adaptive` (Kwon et al. 2021) measures the neighbourhood in units of the
/// weights: w' = w + ρ w² g / (‖w g‖ + 1e-12). Each step costs two forward and two backward passes. POSTER++ was
/// trained with it over Adam.
///
/// The options that optimisers have in common stand beside `base` and hold for it wherever it has such an option and
/// is not given its own: `base: { use: "adamw", weightDecay: 0.1 }`.
package final class SAM: Optimizer {
  package struct Options: InheritedOptions {
    @Option("Optimiser that takes the step: a name, or an object of a name and its options.")
    package var base = Nested<any Optimizer>("adam")
    @Option("Radius of the neighbourhood, ρ.", above: 0) package var rho: Float = 0.05
    @Option("Whether the neighbourhood scales with the weights.") package var adaptive = false
    @Option("Learning rate of the base that the schedule starts from.", above: 0)
    package var learningRate: Float = 1e-3
    @Option("Weight decay of the base.", 0...) package var weightDecay: Float = 0
    @Option("β₁ of adam and adamw, momentum of sgd.", 0..<1) package var momentum = 0.9
    @Option("β₂ of adam and adamw.", 0..<1) package var beta2 = 0.999
    @Option("ε of adam and adamw.", above: 0) package var epsilon: Float = 1e-8

    package init() {}

    package static var inherited: [String: [String]] {
      [
        "learningRate": ["learningRate"], "weightDecay": ["weightDecay"], "momentum": ["momentum", "beta1"],
        "beta2": ["beta2"], "epsilon": ["epsilon"],
      ]
    }
  }

  package var learningRate: Float { base.learningRate }
  private let options: Options
  private let base: any Optimizer

  /// - Throws: what the base throws; an ``OptionIssue`` where nobody has looked its name up.
  package init(_ options: Options) throws {
    self.options = options
    base = try options.base.make()
  }

  package func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows {
    let moved = parameters.filter { $0.isTrainable && $0.gradient != nil }
    let home = moved.map(\.value)
    moveUphill(moved)
    do { try recompute() } catch {
      restore(moved, home)
      throw error
    }
    restore(moved, home)
    try base.step(parameters, learningRate: learningRate, recompute: recompute)
  }

  package var state: OptimizerState {
    get { base.state }
    set { base.state = newValue }
  }

  private func moveUphill(_ parameters: [Parameter]) {
    let norm = options.adaptive ? Gradients.weightedNorm(of: parameters) : Gradients.norm(of: parameters)
    let scale = options.rho / (Float(norm) + 1e-12)
    Parallel.forEach(parameters.count) { index in
      let parameter = parameters[index]
      guard let gradient = parameter.gradient else { return }
      parameter.value =
        options.adaptive
        ? parameter.value + parameter.value.squared() * gradient * scale : parameter.value + gradient * scale
    }
  }

  private func restore(_ parameters: [Parameter], _ values: [Tensor]) {
    for (parameter, value) in zip(parameters, values) { parameter.value = value }
  }
}
