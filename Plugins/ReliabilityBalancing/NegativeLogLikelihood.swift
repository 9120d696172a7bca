import FERCore
import NeuralKit
import TensorKit

/// How unlikely the truth is under the balanced distribution p.
///
///     l[n] = −Σ_c y[n,c] · ln max(p[n,c], ε)        equation 20
///
/// y is the true class with label smoothing, or the distribution that the targets carry, smoothed likewise. ε =
/// 1e-12 keeps value and gradient finite where a probability is 0.
///
/// Source: Wasi et al. 2023, ARBEx, arXiv:2305.01486, equation 20.
///
/// ## Shapes
/// final distribution `[N, C]`, targets of N samples -> `[N]`
final class NegativeLogLikelihood: Loss {
  typealias Options = TargetOptions

  static let scope = LossScope.samples
  private let options: Options

  init(_ options: Options, in context: inout BuildContext) throws {
    try options.check(in: context)
    self.options = options
  }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    let truth = targets.distribution(classCount: outcome.final.shape[1], smoothing: options.smoothing)
    return -(truth * outcome.final.clamped(min: 1e-12).log()).sum(along: 1)
  }

  func rowWeights(_ targets: Targets, _ pass: ForwardPass) -> [Float]? { options.rowWeights(targets, pass) }
}
