import FERCore
import NeuralKit
import TensorKit

/// How unlikely the truth is under each correction term by itself.
///
///     l[n] = −1/T · Σᵢ Σ_c y[n,c] · ln max(tᵢ[n,c], ε)
///
/// T is the number of terms, tᵢ what the i-th proposes; y and ε = 1e-12 as in the loss `nll`.
///
/// Ours: no paper has it. Under equation 20 alone a term learns by its share in the balance, which equations 18-19
/// make small while the term is unsure; a term that starts unsure then hardly learns. Here each term learns whatever
/// its share is.
///
/// ## Shapes
/// T distributions `[N, C]`, targets of N samples -> `[N]`
final class TermLikelihood: Loss {
  typealias Options = TargetOptions

  static let scope = LossScope.samples
  private let options: Options

  init(_ options: Options, in context: inout BuildContext) throws {
    try options.check(in: context)
    guard !context.terms.isEmpty else {
      throw BuildIssue("", "needs a correction, and model.corrections names none")
    }
    self.options = options
  }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    let truth = targets.distribution(classCount: outcome.final.shape[1], smoothing: options.smoothing)
    let logarithms = outcome.terms.map { $0.distribution.clamped(min: 1e-12).log() }
    return (truth * logarithms.reduce(.zeros([1, 1]), +)).sum(along: 1) * (-1 / Float(logarithms.count))
  }

  func rowWeights(_ targets: Targets, _ pass: ForwardPass) -> [Float]? { options.rowWeights(targets, pass) }
}
