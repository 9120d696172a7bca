import FERCore
import NeuralKit
import Support
import TensorKit

/// The rules of losses, by scope.
struct LossCheck {
  private let subject: Subject<any Loss>
  private let evidence: Evidence
  private let part: any Loss
  private var scope: LossScope { type(of: part).scope }
  /// What everything is tried at: embedding, logits, the balanced distribution, a term's.
  private let inputs = [
    ConformanceKit.embedding,
    SeededNumbers.tensor("logits", [ConformanceKit.rowCount, ConformanceKit.classCount]),
    SeededNumbers.distributions("distribution"), SeededNumbers.distributions("term"),
  ]

  init(_ subject: Subject<any Loss>, _ evidence: Evidence) throws {
    (self.subject, self.evidence) = (subject, evidence)
    var context = ConformanceKit.embedded(evidence)
    part = try subject.make(in: &context)
    context.scope.store.fill(seed: 1)
    // Its parameters stay out of the way of what is recorded of inputs.
    for parameter in context.scope.store.all { parameter.isFrozen = true }
  }

  func run(_ found: inout Findings) throws {
    let annotated = SeededNumbers.distributions("truth")
    let oneHot = ConformanceKit.certain.gathered(rows: [1, 0, 1])
    for (truth, hasShares) in [(oneHot, false), (annotated, true)] {
      let count = found.all.count
      try trial(truth, hasShares).run(&found)
      guard found.all.count == count else { return found.skip(.gradients, .scope) }
      checkInputGradients(truth, hasShares, &found)
      try checkScope(truth, hasShares, &found)
    }
  }

  private func trial(_ truth: Tensor, _ hasShares: Bool) -> Trial<any Loss> {
    let hard =
      [
        .zeros(inputs[0].shape), (ConformanceKit.certain - 0.5) * 2e4, ConformanceKit.certain,
        ConformanceKit.certain,
      ] + [truth]
    return Trial(
      subject: subject, context: ConformanceKit.embedded(evidence), inputs: inputs + [truth],
      evidence: evidence, leakTolerance: scope == .samples ? 1e-5 : nil, isTrainingOnly: scope == .batch,
      run: { part, inputs, evidence, pass in
        let outcome = Self.outcome(inputs, evidence)
        return Trial.Delivery(values: [
          part.loss(of: outcome, against: Self.targets(inputs[4], hasShares), pass)
        ])
      },
      declared: {
        $2.expect($1.values[0], scope == .samples ? [ConformanceKit.rowCount] : [1], "the value (\(scope))")
      },
      hardInputs: [("certain and wrong distributions, huge logits, all else at one point", hard)])
  }

  private func checkInputGradients(_ truth: Tensor, _ hasShares: Bool, _ found: inout Findings) {
    let keys = evidence.byName.map(\.key)
    let trial = trial(truth, hasShares)
    func disagreements(step: Float) -> [String] {
      CentralDifferences.problems(at: inputs + keys.compactMap { evidence[$0] }, step: step) {
        let given = Dictionary(uniqueKeysWithValues: zip(keys, $0.dropFirst(inputs.count)))
        let delivery = trial.run(
          part, $0.prefix(inputs.count) + [truth], given, trial.recording(on: Tape()))
        return delivery.values[0]
      }
    }
    // The long step is the sharper one. Where a loss sorts rows, it may carry one of them past another, whose slope is
    // then another; the short one seldom does. A wrong gradient is wrong at both.
    let problems = disagreements(step: 1e-2).isEmpty ? [] : disagreements(step: 1e-3)
    for problem in problems {
      found.add(.gradients, "\(problem) (\(["embedding", "logits", "final", "a term"] + keys.map(\.name)))")
    }
  }

  /// What the objective makes of it.
  private func checkScope(_ truth: Tensor, _ hasShares: Bool, _ found: inout Findings) throws {
    let all = Array(0..<ConformanceKit.rowCount)
    func value(_ rows: [Int], weights: [Float]? = nil, inputs: [Tensor]? = nil) throws -> Float {
      let chosen = ((inputs ?? self.inputs) + [truth]).map { $0.rows(rows) }
      var targets = Self.targets(chosen[4], hasShares)
      targets.weights = weights
      let objective = Objective(terms: [.init(name: subject.summary.name, loss: part)])
      return try objective(
        Self.outcome(chosen, evidence.rows(rows)), against: targets, .training(on: Tape(), seed: 1, step: 0)
      ).total.item
    }
    func same(_ first: Float, _ second: Float) -> Bool { abs(first - second) <= 1e-5 * max(1, abs(first)) }
    let (plain, one) = (try value(all), try value([0]))
    found.expect(one.isFinite, .finite, "a batch of one row gives \(one)")
    found.expect(
      same(try value(all, weights: [1, 1, 1]), plain), .scope, "weights of 1 for all rows change its value")
    found.expect(
      same(try value(all, weights: [2, 6, 1]), try value(all, weights: [4, 12, 2])), .scope,
      "doubling all weights changes its value; only the objective may look at them")
    switch scope {
    case .samples:
      found.expect(
        same(try value(all, weights: [1, 0, 1]), try value([0, 2])), .scope,
        "a row of weight 0 counts; only the objective may look at weights")
    case .batch:
      found.expect(same(try value(all, weights: [1, 0, 1]), plain), .scope, "weights change its value")
    case .parameters:
      let other = try value(all, inputs: inputs.map { $0.rows([2, 0, 1]) * 0.5 })
      found.expect(
        other == plain && one == plain, .scope,
        "another batch changes it, and it claims to be of parameters alone")
    }
  }

  private static func outcome(_ inputs: [Tensor], _ evidence: Evidence) -> Outcome {
    Outcome(
      embedding: inputs[0], logits: inputs[1], primary: inputs[1].softmax(along: -1),
      terms: [.init(name: "term", distribution: inputs[3])], final: inputs[2], evidence: evidence)
  }

  /// - Parameter truth: distributions `[N, C]`; each row's label is its largest class.
  private static func targets(_ truth: Tensor, _ hasShares: Bool) -> Targets {
    Targets(labels: truth.argmax(), distribution: hasShares ? truth : nil)
  }
}
