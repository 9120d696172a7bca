/// How much each distribution counts in the balanced one, which is their weighted mean: equations 18 and 19 of Wasi et al.
/// 2023, ARBEx, arXiv:2305.01486, read as one sum.
///
///     f = w₀ p + Σᵢ wᵢ tᵢ,    w₀ = c / (c + d),   wᵢ = cᵢ d / (c + d)
///     f − p = Σᵢ wᵢ (tᵢ − p)                        since w₀ + Σᵢ wᵢ = 1
///
/// c, d and cᵢ are those of `Tensor.balanced`; w₀ is 1 where there are no terms.
package struct BalanceWeights: Sendable, Equatable {
  /// Of the head's distribution, w₀.
  package let primary: Float
  /// Of each term, wᵢ.
  package let terms: [Float]

  /// - Parameter primary: the head's distribution p.
  /// - Parameter terms: the terms' distributions tᵢ, each of as many classes.
  package init(primary: [Float], terms: [[Float]]) {
    guard !terms.isEmpty else {
      (self.primary, self.terms) = (1, [])
      return
    }
    let tiny: Float = 1e-12
    let trust = terms.map { $0.confidence + tiny }
    let shares = trust.map { $0 / trust.reduce(0, +) }
    let proposal = primary.indices.map { label in
      zip(shares, terms).reduce(Float(0)) { $0 + $1.0 * $1.1[label] }
    }
    let (c, d) = (primary.confidence + tiny, proposal.confidence + tiny)
    self.primary = c / (c + d)
    self.terms = shares.map { $0 * d / (c + d) }
  }
}

extension EvaluatedSample {
  /// How much each of its distributions counts.
  package var balanceWeights: BalanceWeights { BalanceWeights(primary: primary, terms: terms) }

  /// What each term adds to the head's distribution, class by class: wᵢ (tᵢ − p). Together they are final − primary.
  package var moves: [[Float]] {
    zip(balanceWeights.terms, terms).map { weight, term in zip(term, primary).map { weight * ($0 - $1) } }
  }
}
