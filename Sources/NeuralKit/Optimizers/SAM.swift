import CKernels
import TensorKit

/// Sharpness-aware minimisation (Foret et al. 2021): steps by the gradient found at the worst place nearby.
///
///     w' = w + ρ g / (‖g‖ + 1e-12)        the base optimiser then steps from w by the gradient at w'
///
/// ‖g‖ is the norm over all parameters. `adaptive` (Kwon et al. 2021) measures the neighbourhood in units of the
/// weights: w' = w + ρ w² g / (‖w g‖ + 1e-12). Each step costs two forward and two backward passes. POSTER++ was
/// trained with it over Adam.
public final class SAM: Optimizer {
  /// The settings, with their defaults.
  public struct Options: ComponentOptions {
    @Option("Optimiser that takes the step.", oneOf: ["adam", "adamw", "sgd"]) public var base = "adam"
    @Option("Radius of the neighbourhood, ρ.", above: 0) public var rho: Float = 0.05
    @Option("Whether the neighbourhood scales with the weights.") public var adaptive = false
    @Option("Learning rate of the base that the schedule starts from.", above: 0) public var learningRate:
      Float = 1e-3
    @Option("Weight decay of the base.", 0...) public var weightDecay: Float = 0
    @Option("β₁ of adam and adamw, momentum of sgd.", 0..<1) public var momentum = 0.9
    @Option("β₂ of adam and adamw.", 0..<1) public var beta2 = 0.999
    @Option("ε of adam and adamw.", above: 0) public var epsilon: Float = 1e-8

    /// The defaults.
    public init() {}
  }

  /// The rate that the schedule starts from.
  public var learningRate: Float { base.learningRate }
  private let options: Options
  private let base: any Optimizer

  /// An optimiser that has seen nothing yet.
  public init(_ options: Options) {
    self.options = options
    base = Self.makeBase(options)
  }

  /// One update from the gradients of the parameters.
  public func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows {
    let moved = parameters.filter { $0.isTrainable && $0.gradient != nil }
    let home = moved.map(\.value)
    moveUphill(moved)
    do {
      try recompute()
    } catch {
      restore(moved, home)
      throw error
    }
    restore(moved, home)
    base.step(parameters, learningRate: learningRate, recompute: {})
  }

  /// Everything gathered so far, for a checkpoint.
  public var state: OptimizerState {
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

  private static func makeBase(_ options: Options) -> any Optimizer {
    switch options.base {
    case "sgd":
      var sgd = SGD.Options()
      (sgd.learningRate, sgd.momentum) = (options.learningRate, Float(options.momentum))
      sgd.weightDecay = options.weightDecay
      return SGD(sgd)
    case "adamw":
      var adamw = AdamW.Options()
      (adamw.learningRate, adamw.weightDecay) = (options.learningRate, options.weightDecay)
      (adamw.beta1, adamw.beta2, adamw.epsilon) = (options.momentum, options.beta2, options.epsilon)
      return AdamW(adamw)
    default:
      var adam = Adam.Options()
      (adam.learningRate, adam.weightDecay) = (options.learningRate, options.weightDecay)
      (adam.beta1, adam.beta2, adam.epsilon) = (options.momentum, options.beta2, options.epsilon)
      return Adam(adam)
    }
  }
}
