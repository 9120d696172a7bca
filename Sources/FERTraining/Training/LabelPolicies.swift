import FERCore
import TensorKit

/// A recipe's label policies, in their order, and the training samples as they left them before training.
final class LabelPolicies {
  /// The training samples, which sampler and losses see.
  let samples: [Sample]
  private let policies: [any LabelPolicy]
  private let classes: [String]

  /// Lets every policy begin.
  /// - Throws: what a policy throws, or ``RunProblem`` where one leaves samples that cannot be trained with.
  init(_ policies: [any LabelPolicy], of given: [Sample], in setting: TrainingSetting) throws {
    var samples = given
    for policy in policies {
      try policy.begin(&samples, in: setting)
      guard samples.count == given.count, zip(samples, given).allSatisfy({ $0.id == $1.id }) else {
        throw Self.fault(
          policy, "adds, removes or renames samples; it may only change what they are taken for")
      }
      if let bad = samples.first(where: { !setting.classes.indices.contains($0.label) }) {
        throw Self.fault(
          policy, "gives \(bad.id) the label \(bad.label), which is not in 0...\(setting.classes.count - 1)")
      }
    }
    (self.policies, self.samples, classes) = (policies, samples, setting.classes)
  }

  /// Whether there are any.
  var isEmpty: Bool { policies.isEmpty }

  /// All that they have learned, for a checkpoint.
  var states: [ComponentState] {
    get { policies.map(\.state) }
    set { for (policy, state) in zip(policies, newValue) { policy.state = state } }
  }

  /// Of what they read outside the recipe; empty where they read nothing.
  var fingerprint: String { policies.map(\.fingerprint).filter { !$0.isEmpty }.joined(separator: " ") }

  /// What a batch is to be taken for.
  /// - Throws: what a policy throws, or ``RunProblem`` where its answer cannot be used.
  func targets(for batch: Batch) throws -> Targets {
    var targets = Targets(of: batch.indices.map { samples[$0] }, classCount: classes.count)
    for policy in policies {
      targets = try policy.targets(targets, for: batch)
      if let problem = problem(with: targets, rows: batch.indices.count) { throw Self.fault(policy, problem) }
    }
    return targets
  }

  /// Tells them how a step went.
  func observe(_ outcome: Outcome, _ targets: Targets, _ batch: Batch, epoch: Int) {
    for policy in policies { policy.observe(outcome, targets, batch.indices, epoch: epoch) }
  }

  /// What they did, as tables.
  var remarks: [Table] { policies.flatMap { $0.remarks(on: samples, classes: classes) } }

  private func problem(with targets: Targets, rows: Int) -> String? {
    if targets.labels.count != rows { return "answers \(targets.labels.count) labels for \(rows) rows" }
    if let label = targets.labels.first(where: { !classes.indices.contains($0) }) {
      return "answers the label \(label), which is not in 0...\(classes.count - 1)"
    }
    if let shares = targets.distribution, shares.shape != [rows, classes.count] {
      return "answers a distribution of shape \(shares.shape), expected \([rows, classes.count])"
    }
    if let weights = targets.weights, weights.count != rows || !weights.allSatisfy({ $0 >= 0 && $0.isFinite })
    {
      return
        "answers \(weights.count) weights for \(rows) rows; there must be one for each, finite and at least 0"
    }
    return nil
  }

  private static func fault(_ policy: any LabelPolicy, _ problem: String) -> RunProblem {
    .failure("label policy \(type(of: policy)): \(problem)")
  }
}
