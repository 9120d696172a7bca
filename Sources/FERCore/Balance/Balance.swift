import Foundation
import TensorKit

// How sure a distribution is, and how several are weighed into one. Source: Wasi et al. 2023, ARBEx,
// arXiv:2305.01486, equations 10, 11, 18 and 19.

/// Keeps logarithms and shares finite where a probability or every confidence is 0.
private let tiny: Float = 1e-12

extension Tensor {
  /// How sure each row is: 1 where one class has everything, 0 where all classes have the same.
  ///
  ///     C(p) = 1 − H(p) / ln N,   H(p) = −Σ p · ln max(p, ε)           equations 10-11
  ///
  /// The paper prints a division by N; its text asks for the normalised entropy, which this is. Rounding brings nearly
  /// uniform rows to about -2e-7; the shares of equations 18-19 would then divide by almost nothing, so it is held to
  /// 0...1.
  ///
  /// ## Shapes
  /// distributions `[B, N]` -> `[B, 1]`
  public func confidence() -> Tensor {
    let negativeEntropy = (self * clamped(min: tiny).log()).sum(along: 1, keepingDimensions: true)
    return (negativeEntropy / Float(Foundation.log(Double(shape[1]))) + 1).clamped(min: 0, max: 1)
  }

  /// The primary distribution corrected by what the terms propose, each weighed by its confidence.
  ///
  ///     t = Σᵢ cᵢ tᵢ,                cᵢ = (C(tᵢ) + ε) / Σⱼ (C(tⱼ) + ε)         equation 18
  ///     f = (c p + d t) / (c + d),   c = C(p) + ε,   d = C(t) + ε              equation 19
  ///
  /// The paper has two terms; this takes any number. Without terms the primary distribution stays as it is.
  ///
  /// ## Shapes
  /// primary `[B, N]`, each term `[B, N]` -> `[B, N]`
  public static func balanced(_ primary: Tensor, with terms: [Tensor]) -> Tensor {
    guard !terms.isEmpty else { return primary }
    let trust = Tensor.concatenated(terms.map { $0.confidence() }, along: 1) + tiny  // [B, T]
    let share = trust / trust.sum(along: 1, keepingDimensions: true)  // [B, T]
    let proposal = terms.indices  // each [B, N]
      .map { share.sliced(along: 1, from: $0, count: 1) * terms[$0] }
      .reduce(Tensor.zeros([1, 1]), +)
    let (c, d) = (primary.confidence() + tiny, proposal.confidence() + tiny)  // [B, 1]
    return (c * primary + d * proposal) / (c + d)
  }
}
