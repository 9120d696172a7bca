import FERCore
import NeuralKit
import TensorKit

/// How unlikely the truth is under the head's own distribution, corrections left aside: the usual loss of a
/// classifier.
///
///     l[n] = −Σ_c y[n,c] · log softmax(z[n])[c]
///
/// It is taken from the logits z, so no probability can be too small for it. y is the true class, or the distribution
/// that the targets carry, smoothed.
///
/// ## Shapes
/// logits `[N, C]`, targets of N samples -> `[N]`
final class CrossEntropy: Loss {
  typealias Options = TargetOptions

  static let scope = LossScope.samples
  private let options: Options

  init(_ options: Options, in context: inout BuildContext) throws {
    try options.check(in: context)
    self.options = options
  }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    let truth = targets.distribution(classCount: outcome.logits.shape[1], smoothing: options.smoothing)
    return -(truth * outcome.logits.logSoftmax(along: -1)).sum(along: 1)
  }

  func rowWeights(_ targets: Targets, _ pass: ForwardPass) -> [Float]? { options.rowWeights(targets, pass) }
}
