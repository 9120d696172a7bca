import NeuralKit
import TensorKit

/// What training makes small: a weighed sum of losses. It alone takes means.
package struct Objective {
  /// One loss and its factor.
  package struct Term {
    /// Its key in the recipe.
    let name: String
    /// Its factor in the sum.
    let weight: Float
    /// What it is a number of.
    let scope: LossScope
    /// What computes it.
    let loss: any Loss

    package init(name: String, weight: Float = 1, loss: any Loss) {
      (self.name, self.weight, self.loss) = (name, weight, loss)
      scope = type(of: loss).scope
    }
  }

  /// One loss before its factor.
  package struct Part {
    /// Its key in the recipe.
    package let name: String
    /// Its share of the step's value.
    package let value: Float

    package init(name: String, value: Float) { (self.name, self.value) = (name, value) }
  }

  /// The sum, and what it is made of.
  package struct Value {
    /// Shape `[1]`.
    package let total: Tensor
    /// In the order of their names.
    package let losses: [Part]
  }

  /// Which share of a step some rows are. Values and gradients of all pieces add up to those of the step.
  package struct Piece {
    /// Rows of the piece, and of the whole step.
    package let rows: Int, ofRows: Int
    /// The sum of all weights of the step; nil where all rows count the same.
    package let ofWeight: Float?
    /// Whether it is the step's first piece.
    package let isFirst: Bool

    package init(rows: Int, ofRows: Int, ofWeight: Float?, isFirst: Bool) {
      (self.rows, self.ofRows, self.ofWeight, self.isFirst) = (rows, ofRows, ofWeight, isFirst)
    }

    var isWhole: Bool { rows == ofRows }
  }

  /// In the order of their names.
  let terms: [Term]

  package init(terms: [Term]) { self.terms = terms }

  /// Σ weight · loss.
  /// - Parameter piece: nil for all rows of a step, or of an evaluation.
  /// - Throws: ``ComponentFault`` where a loss delivers another shape than its scope says.
  package func callAsFunction(
    _ outcome: Outcome, against targets: Targets, _ pass: ForwardPass, piece: Piece? = nil
  ) throws -> Value {
    let rows = outcome.final.shape[0]
    let check = OutputCheck(rows: rows, views: 1, classCount: outcome.final.shape[1], isThorough: false)
    // What looks across rows would depend on how an evaluation is cut into batches.
    let counted = terms.filter { $0.scope != .batch || pass.isTraining }
    let values = try counted.map { term in
      let value = Profile.component("losses.\(term.name)") {
        term.loss.loss(of: outcome, against: targets, pass)
      }
      try check.loss(value, term.scope, named: "loss \"\(term.name)\"")
      return share(of: value, term.scope, targets.weights, piece)
    }
    let total = zip(counted, values).reduce(Tensor.zeros([1])) { $0 + $1.1 * $1.0.weight }
    return Value(total: total, losses: zip(counted, values).map { Part(name: $0.name, value: $1.item) })
  }

  private func share(of value: Tensor, _ scope: LossScope, _ weights: [Float]?, _ piece: Piece?) -> Tensor {
    let whole = piece?.isWhole ?? true
    switch scope {
    case .samples:
      guard let weights else { return whole ? value.mean() : value.sum() * (1 / Float(piece?.ofRows ?? 1)) }
      let sum = piece?.ofWeight ?? weights.reduce(0, +)
      return (value * Tensor([weights.count], weights)).sum() * (sum > 0 ? 1 / sum : 0)
    case .batch: return whole ? value : value * (Float(piece?.rows ?? 1) / Float(piece?.ofRows ?? 1))
    case .parameters: return piece?.isFirst ?? true ? value : value.detached * 0
    }
  }
}
