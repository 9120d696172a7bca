import FERCore
import NeuralKit
import TensorKit

/// How unlikely the truth is under the balanced distribution p.
///
///     L = −mean over n of Σ_c y[n,c] · ln max(p[n,c], ε)        equation 20
///
/// y is the true class with label smoothing, or the distribution that the targets carry, smoothed likewise. ε =
/// 1e-12 keeps value and gradient finite where a probability is 0.
///
/// Source: Wasi et al. 2023, ARBEx, arXiv:2305.01486, equation 20.
///
/// ## Shapes
/// final distribution `[N, C]`, targets of N samples -> `[1]`
public final class NegativeLogLikelihood: Loss {
  /// The settings of ``NegativeLogLikelihood``.
  public struct Options: ComponentOptions {
    @Option("Share of the target that is spread evenly over all classes.", 0..<1)
    public var smoothing: Float = 0

    /// The defaults.
    public init() {}
  }

  private let options: Options

  /// Takes no parameters and cannot fail to fit.
  public init(_ options: Options, in context: inout BuildContext) throws {
    self.options = options
  }

  /// The mean over the batch, `[1]`.
  public func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    let truth = targets.distribution(classCount: outcome.final.shape[1], smoothing: options.smoothing)
    return -(truth * outcome.final.clamped(min: 1e-12).log()).sum(along: 1).mean()
  }
}
