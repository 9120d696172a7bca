import FERCore
import NeuralKit
import TensorKit

/// How unlikely the truth is under the head's own distribution, corrections left aside: the usual loss of a
/// classifier.
///
///     L = −mean over n of Σ_c y[n,c] · log softmax(z[n])[c]
///
/// It is taken from the logits z, so no probability can be too small for it. y as in ``NegativeLogLikelihood``.
///
/// ## Shapes
/// logits `[N, C]`, targets of N samples -> `[1]`
public final class CrossEntropy: Loss {
  /// The settings of ``CrossEntropy``.
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
    let logits = outcome.head.logits
    let truth = targets.distribution(classCount: logits.shape[1], smoothing: options.smoothing)
    return -(truth * logits.logSoftmax(along: -1)).sum(along: 1).mean()
  }
}
