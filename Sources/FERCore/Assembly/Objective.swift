import NeuralKit
import TensorKit

/// What training makes small: a weighed sum of losses.
public struct Objective {
  /// One loss and its factor.
  public struct Term {
    /// Its key in the recipe.
    public let name: String
    /// Its factor in the sum.
    public let weight: Float
    /// What computes it.
    public let loss: any Loss

    /// Made from its parts.
    public init(name: String, weight: Float, loss: any Loss) {
      self.name = name
      self.weight = weight
      self.loss = loss
    }
  }

  /// The sum, and each loss before its factor.
  public struct Value {
    /// Shape `[1]`.
    public let total: Tensor
    /// Each loss before its factor, in the order of their names.
    public let losses: [(name: String, value: Float)]
  }

  /// In the order of their names.
  public let terms: [Term]

  /// Made from its parts.
  public init(_ terms: [Term]) { self.terms = terms }

  /// Σ weight · loss.
  public func callAsFunction(_ outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Value {
    let values = terms.map { term in
      Profile.component("losses.\(term.name)") { term.loss.loss(of: outcome, against: targets, pass) }
    }
    let total = zip(terms, values).reduce(Tensor.zeros([1])) { $0 + $1.1 * $1.0.weight }
    return Value(total: total, losses: zip(terms, values).map { (name: $0.name, value: $1.item) })
  }
}
