import TensorKit

/// Everything a forward pass produced.
public struct Outcome: Sendable {
  /// A correction term's proposal.
  public struct Term: Sendable {
    /// Its key in the recipe.
    public let name: String
    /// `[N, C]`; rows sum to 1.
    public let distribution: Tensor

    /// The proposal `[N, C]` of the term of that key.
    public init(name: String, distribution: Tensor) { (self.name, self.distribution) = (name, distribution) }
  }

  /// The embedding that head and corrections saw `[N, D]`.
  public let embedding: Tensor
  /// The head's scores `[N, C]`.
  public let logits: Tensor
  /// The softmax of the logits `[N, C]`.
  public let primary: Tensor
  /// The correction terms in the order of their names.
  public let terms: [Term]
  /// The balanced distribution `[N, C]`, equations 18-19; `primary` where there are no terms.
  public let final: Tensor
  /// Of all stages.
  public let evidence: Evidence

  /// What a forward pass made of N samples.
  public init(
    embedding: Tensor, logits: Tensor, primary: Tensor, terms: [Term], final: Tensor, evidence: Evidence = [:]
  ) {
    (self.embedding, self.logits, self.primary) = (embedding, logits, primary)
    (self.terms, self.final, self.evidence) = (terms, final, evidence)
  }

  /// With the rows of all processes that share the batch. What a loss finds of it on every process flows back to each one's
  /// own rows, and to what all samples share on the first one only.
  package func gathered(over shards: Shards) -> Outcome {
    mapped({ $0.gathered(over: shards) }, shared: { shards.hasEarlierProcess ? $0.detached : $0 })
  }

  /// With other tensors in place of its own, asked for in the same order in every process.
  /// - Parameter rows: what takes the place of a tensor with rows for samples.
  /// - Parameter shared: what takes the place of evidence that all samples share.
  package func mapped(
    _ rows: (Tensor) throws -> Tensor, shared: (Tensor) throws -> Tensor
  ) rethrows -> Outcome {
    let keys = evidence.keys.sorted { ($0.name, $0.layout.rawValue) < ($1.name, $1.layout.rawValue) }
    var all: Evidence = [:]
    for key in keys {
      guard let value = evidence[key] else { continue }
      all[key] = key.layout == .shared ? try shared(value) : try rows(value)
    }
    return Outcome(
      embedding: try rows(embedding), logits: try rows(logits), primary: try rows(primary),
      terms: try terms.map { Term(name: $0.name, distribution: try rows($0.distribution)) },
      final: try rows(final), evidence: all)
  }

  /// The outcomes of a step's pieces as one, without their history.
  package static func joined(_ pieces: [Outcome]) -> Outcome {
    func join(_ part: (Outcome) -> Tensor) -> Tensor {
      pieces.count == 1
        ? part(pieces[0]).detached : Tensor.concatenated(pieces.map { part($0).detached }, along: 0)
    }
    var evidence: Evidence = [:]
    for (key, value) in pieces[0].evidence {
      evidence[key] = key.layout == .shared ? value.detached : join { $0.evidence[key] ?? value }
    }
    return Outcome(
      embedding: join(\.embedding), logits: join(\.logits), primary: join(\.primary),
      terms: pieces[0].terms.indices.map { place in
        Term(name: pieces[0].terms[place].name, distribution: join { $0.terms[place].distribution })
      }, final: join(\.final), evidence: evidence)
  }
}
