import FERCore
import NeuralKit
import TensorKit

/// Mixes each face with another one of the batch, the more uncertain of the two having the larger share, and asks for both
/// expressions.
///
///     wₙ = sₙ / (sₙ + s_π(n))                     π: a random permutation of the batch, drawn anew in every step
///     zₙ = wₙ · logitsₙ + (1 − wₙ) · logits_π(n)
///     L  = 1/N · Σₙ (½ CE(zₙ, yₙ) + ½ CE(zₙ, y_π(n)))
///
/// Both expressions count half, whatever the shares: to show both, a face that is hard to read needs the larger one, and
/// so its s grows. Nothing else trains s. Behind a linear head the mix of the logits is the logits of the mix of the
/// embeddings, which is what the paper mixes. A face may be mixed with itself, as one alone always is: plain
/// cross-entropy.
///
/// Source: Zhang, Wang and Deng 2021, RUL, NeurIPS 2021. The paper adds both terms up, its authors' code takes half of
/// each, as here.
///
/// ## Shapes
/// logits `[N, C]`, s `[N, 1]`, targets of N samples -> `[1]`
final class AddUp: Loss {
  struct Options: ComponentOptions {
    @Option("Share of both targets that is spread evenly over all classes.", 0..<1) var smoothing: Float = 0
  }

  static let scope = LossScope.batch
  private let options: Options
  private let name: String

  init(_ options: Options, in context: inout BuildContext) {
    (self.options, name) = (options, context.scope.path)
  }

  static func requires(_ options: Options) -> [EvidenceKey] { [.uncertainty] }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    guard let uncertainty = outcome.evidence[.uncertainty] else { return .zeros([1]) }
    let truth = targets.distribution(classCount: outcome.logits.shape[1], smoothing: options.smoothing)
    var random = pass.random(for: name)
    let partners = random.shuffled(Array(0..<outcome.logits.shape[0]))
    return Self.loss(of: outcome.logits, truth, uncertainty, partners: partners)
  }

  /// - Parameter truth: what each row should be `[N, C]`.
  /// - Parameter partners: the row that each row is mixed with, π.
  static func loss(of logits: Tensor, _ truth: Tensor, _ uncertainty: Tensor, partners: [Int]) -> Tensor {
    let mix = mixed(logits, by: share(uncertainty, partners: partners), partners: partners)
    let both = truth + truth.gathered(rows: partners)
    return (both * mix.logSoftmax(along: -1)).sum() * (-0.5 / Float(partners.count))
  }

  /// Each row's own share w `[N, 1]`. Where neither is uncertain at all, which no exponential is, it has half.
  static func share(_ uncertainty: Tensor, partners: [Int]) -> Tensor {
    let own = uncertainty + 1e-12
    return own / (own + own.gathered(rows: partners))
  }

  /// Each row mixed with its partner's `[N, ...]`.
  static func mixed(_ rows: Tensor, by share: Tensor, partners: [Int]) -> Tensor {
    rows * share + rows.gathered(rows: partners) * (1 - share)
  }
}
