import FERCore
import NeuralKit
import TensorKit

/// How far the head's distribution is from a wanted one, as EfficientFace takes it.
///
///     l[n] = −1/C · Σ_c t[n,c] · log softmax(z[n])[c]
///
/// t is the distribution that the targets carry: a teacher's with the label policy `teacher`, several annotators'; where they
/// carry none, as in validation, all on the label. The authors' code takes the mean over batch and classes, which makes the
/// loss a C-th of the usual one: their learning rate of 0.1 is like 0.014 on that for seven classes. log-softmax, where the
/// code takes the logarithm of a softmax, keeps finite what a probability of 0 would not.
///
/// Source: Zhao, Liu and Zhou 2021, EfficientFace, label distribution training.
///
/// ## Shapes
/// logits `[N, C]`, targets of N samples -> `[N]`
final class LabelDistribution: Loss {
  struct Options: ComponentOptions {
    @Option("Whether the sum over the classes is divided by their number, as in the authors' code.")
    var overClasses = true
  }

  static let scope = LossScope.samples
  private let factor: Float

  init(_ options: Options, in context: inout BuildContext) {
    factor = options.overClasses ? 1 / Float(context.classCount) : 1
  }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    let wanted = targets.distribution(classCount: outcome.logits.shape[1], smoothing: 0)
    return (wanted * outcome.logits.logSoftmax(along: -1)).sum(along: 1) * -factor
  }
}
