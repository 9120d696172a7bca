import NeuralKit
import Support
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
    /// Its name, for a sentence with which its code ends the process.
    let running: Running

    package init(name: String, weight: Float = 1, loss: any Loss) {
      (self.name, self.weight, self.loss) = (name, weight, loss)
      scope = type(of: loss).scope
      running = Running("loss \"\(name)\"")
    }
  }

  /// One loss before its factor.
  package struct Part {
    /// Its key in the recipe.
    package let name: String
    /// What it adds up to over rows, pieces of a step and processes.
    package var sum: Float
    /// What makes of the sum the step's value.
    let share: Float
    /// Its factor in the objective.
    let weight: Float

    /// Its share of the step's value.
    package var value: Float { sum * share }
  }

  /// The sum, and what it is made of.
  package struct Value {
    /// Shape `[1]`.
    package let total: Tensor
    /// In the order of their names.
    package let losses: [Part]
  }

  /// Σ weight · loss, of sums that have been added up.
  package static func total(_ parts: [Part]) -> Float { parts.reduce(0) { $0 + $1.value * $1.weight } }

  /// Which share of a step some rows are. Values and gradients of all pieces add up to those of the step.
  package struct Piece {
    /// The rows of the piece.
    package let rows: Range<Int>
    /// The targets of the whole step.
    package let step: Targets

    package init(rows: Range<Int>, of step: Targets) { (self.rows, self.step) = (rows, step) }

    var count: Int { step.labels.count }
    var isWhole: Bool { rows.count == count }
  }

  /// In the order of their names.
  let terms: [Term]

  package init(terms: [Term]) { self.terms = terms }

  /// Σ weight · loss.
  /// - Parameter piece: nil for all rows of a step, or of an evaluation.
  /// - Parameter isThorough: whether values are looked at too, not only shapes.
  /// - Throws: ``ComponentFault`` where a loss delivers something else than its scope says.
  package func callAsFunction(
    _ outcome: Outcome, against targets: Targets, _ pass: ForwardPass, piece: Piece? = nil,
    isThorough: Bool = false
  ) throws -> Value {
    let rows = outcome.final.shape[0]
    let check = OutputCheck(
      rows: rows, views: 1, classCount: outcome.final.shape[1], isThorough: isThorough)
    // What looks across rows would depend on how an evaluation is cut into batches.
    let counted = terms.filter { $0.scope != .batch || pass.isTraining }
    let piece = piece ?? Piece(rows: 0..<rows, of: targets)
    let own = Rows(outcome: outcome, targets: targets, pass: pass, piece: piece)
    // What looks across rows sees those of all processes.
    let all = counted.contains { $0.scope == .batch } ? own.gathered : own
    let values = try counted.map { term in
      let title = "loss \"\(term.name)\"", seen = term.scope == .batch ? all : own
      let value = Profile.component("losses.\(term.name)") {
        term.running { term.loss.loss(of: seen.outcome, against: seen.targets, seen.pass) }
      }
      try check.loss(value, term.scope, named: title)
      let weights = Self.weights(in: piece.step, term, pass)
      if let own = weights.own { try check.rowWeights(own, count: piece.count, named: title) }
      return Self.share(of: value.ofSameBatch(as: outcome.final), term.scope, weights.all, seen.piece)
    }
    let total = zip(counted, values).reduce(Tensor.zeros([1])) { $0 + $1.1.sum * $1.1.share * $1.0.weight }
    let isCounted = !(outcome.final.shards?.hasEarlierProcess ?? false)
    let losses = zip(counted, values).map {
      // The same number on every process counts once.
      Part(
        name: $0.name, sum: isCounted || $0.scope != .batch ? $1.sum.item : 0, share: $1.share,
        weight: $0.weight)
    }
    return Value(total: total, losses: losses)
  }

  /// What a loss is computed of.
  private struct Rows {
    let outcome: Outcome
    let targets: Targets
    let pass: ForwardPass
    let piece: Piece

    /// The rows of all processes, where it is told who they are.
    var gathered: Rows {
      guard let shards = outcome.final.shards else { return self }
      let rows = shards.whole.images
      return Rows(
        outcome: outcome.gathered(over: shards), targets: piece.step.sliced(rows),
        pass: shards.hasEarlierProcess ? pass.withoutGradients(from: rows.lowerBound) : pass,
        piece: Piece(rows: rows, of: piece.step))
    }
  }

  /// How much each row of a step counts in a loss, and what the loss itself says of it; nil: all the same.
  private static func weights(
    in step: Targets, _ term: Term, _ pass: ForwardPass
  ) -> (all: [Float]?, own: [Float]?) {
    guard term.scope == .samples, let own = term.running({ term.loss.rowWeights(step, pass) }) else {
      return (step.weights, nil)
    }
    return (step.weights.map { zip($0, own).map(*) } ?? own, own)
  }

  /// A loss as a sum `[1]` over the rows, and what makes of the step's sum its value.
  private static func share(
    of value: Tensor, _ scope: LossScope, _ weights: [Float]?, _ piece: Piece
  ) -> (sum: Tensor, share: Float) {
    switch scope {
    case .samples:
      guard let weights else { return (value.sum(), 1 / Float(piece.count)) }
      let (sum, own) = (weights.reduce(0, +), Array(weights[piece.rows]))
      return ((value * Tensor([own.count], own)).sum(), sum > 0 ? 1 / sum : 0)
    case .batch:
      return (piece.isWhole ? value : value * (Float(piece.rows.count) / Float(piece.count)), 1)
    case .parameters: return (piece.rows.lowerBound == 0 ? value : value.detached * 0, 1)
    }
  }
}
