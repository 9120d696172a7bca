import FERCore
import Support
import TensorKit

/// A recipe's label policies, in their order, and the training samples as they left them before training.
final class LabelPolicies {
  /// The training samples, which sampler and losses see.
  let samples: [Sample]
  private let policies: [any LabelPolicy]
  private let classes: [String]
  /// How often each class is a label, after the policies began.
  private let classCounts: [Int]

  /// Lets the policies of a recipe begin.
  /// - Throws: as the other.
  convenience init(of recipe: Recipe, for samples: [Sample]) throws {
    // Policies ask for models on this thread, while they begin.
    nonisolated(unsafe) let shared = recipe
    let setting = TrainingSetting(classes: recipe.classes, seed: recipe.seed) {
      try TeacherModel($0.text, weights: $1.text, for: shared)
    }
    try self.init(try recipe.makeLabelPolicies(), of: samples, in: setting)
  }

  /// Lets every policy begin.
  /// - Throws: what a policy throws, or ``RunProblem`` where one leaves samples that cannot be trained with.
  init(_ policies: [any LabelPolicy], of given: [Sample], in setting: TrainingSetting) throws {
    var samples = given
    for (place, policy) in policies.enumerated() {
      let before = samples
      try Running.of(policy) { try policy.begin(&samples, in: setting.at(place)) }
      guard samples.count == given.count, zip(samples, given).allSatisfy({ $0.id == $1.id }) else {
        throw Self.fault(
          policy, "adds, removes or renames samples; it may only change what they are taken for")
      }
      for (index, old) in before.enumerated()
      where samples[index].label != old.label && samples[index].distribution == old.distribution {
        samples[index].distribution = nil
      }
      for sample in samples {
        guard let problem = sample.problem(classCount: setting.classes.count) else { continue }
        throw Self.fault(policy, "changes \(sample.id): \(problem)")
      }
    }
    (self.policies, self.samples, classes) = (policies, samples, setting.classes)
    classCounts = samples.reduce(into: setting.classes.map { _ in 0 }) { $0[$1.label] += 1 }
  }

  /// Whether there are any.
  var isEmpty: Bool { policies.isEmpty }

  /// All that they have learned, for a checkpoint.
  /// - Throws: ``RunProblem`` where one holds a number that no checkpoint can.
  func states() throws -> [ComponentState] {
    try policies.map { policy in
      let state = policy.state
      for (name, numbers) in state.numbers where !numbers.allSatisfy(\.isFinite) {
        throw Self.fault(policy, "holds a number in its state \"\(name)\" that is not finite")
      }
      return state
    }
  }

  /// Goes on where they were when a checkpoint was written.
  func restore(_ states: [ComponentState]) {
    for (policy, state) in zip(policies, states) { policy.state = state }
  }

  /// Of what they read outside the recipe; empty where they read nothing.
  var fingerprint: String { policies.map(\.fingerprint).filter { !$0.isEmpty }.joined(separator: " ") }

  /// What the rows of a step's whole batch are to be taken for, whichever process has them.
  /// - Parameter batch: what this process has of it, for which alone it asks the policies.
  /// - Parameter whole: the whole batch; nil where this process has all of it.
  /// - Throws: what a policy throws, or ``RunProblem`` where its answer cannot be used; `CollectiveFault`
  func targets(for batch: Batch, in whole: WholeBatch? = nil) throws -> Targets {
    // Without policies every process knows what all rows are.
    let indices = isEmpty ? batch.stepIndices : batch.indices
    var targets = Targets(of: indices.map { samples[$0] }, classCount: classes.count)
    for policy in policies {
      targets = try Running.of(policy) { try policy.targets(targets, for: batch) }
      if let problem = problem(with: targets, rows: batch.indices.count) { throw Self.fault(policy, problem) }
    }
    targets.classCounts = classCounts
    guard let whole, !isEmpty else { return targets }
    return try whole.targets(targets, classCount: classes.count)
  }

  /// Tells them how a step went.
  /// - Parameter batch: of whose whole batch, over all pieces and processes, outcome and targets have the rows.
  func observe(_ outcome: Outcome, _ targets: Targets, _ batch: Batch, epoch: Int) {
    for policy in policies {
      Running.of(policy) { policy.observe(outcome, targets, batch.stepIndices, epoch: epoch) }
    }
  }

  /// What they did, as tables. A title that comes again gets a number: it is the name of a file.
  var remarks: [Table] {
    var seen: [String: Int] = [:]
    return policies.flatMap { $0.remarks(on: samples, classes: classes) }.map { table in
      let count = seen[table.title, default: 0] + 1
      seen[table.title] = count
      return count == 1 ? table : Table("\(table.title) \(count)", columns: table.columns, rows: table.rows)
    }
  }

  private func problem(with targets: Targets, rows: Int) -> String? {
    if targets.labels.count != rows { return "answers \(targets.labels.count) labels for \(rows) rows" }
    if let label = targets.labels.first(where: { !classes.indices.contains($0) }) {
      return "answers the label \(label), which is not in 0...\(classes.count - 1)"
    }
    if let shares = targets.distribution, shares.shape != [rows, classes.count] {
      return "answers a distribution of shape \(shares.shape), expected \([rows, classes.count])"
    }
    if let values = targets.distribution?.values {
      for row in 0..<rows {
        let shares = Array(values[row * classes.count..<(row + 1) * classes.count])
        guard let problem = Sample.problem(withShares: shares, classCount: classes.count) else { continue }
        return "answers for row \(row): \(problem)"
      }
    }
    if let weights = targets.weights, weights.count != rows || !weights.allSatisfy({ $0 >= 0 && $0.isFinite })
    {
      return
        "answers \(weights.count) weights for \(rows) rows; there must be one for each, finite and at least 0"
    }
    return nil
  }

  private static func fault(_ policy: any LabelPolicy, _ problem: String) -> RunProblem {
    .failure("\(Running.title(of: policy)): \(problem)")
  }
}

extension Recipe {
  /// Training samples as the label policies leave them before training: what sampler and losses see.
  /// - Throws: as a training of them would.
  package func relabelled(_ samples: [Sample]) throws -> [Sample] {
    try LabelPolicies(of: self, for: samples).samples
  }
}

extension TrainingSetting {
  /// What the policy at that place of the list is given: two of a kind do not draw alike.
  fileprivate func at(_ place: Int) -> TrainingSetting {
    guard place > 0 else { return self }
    var random = RandomSource(seed: seed, stream: "label policy \(place)")
    return TrainingSetting(classes: classes, seed: random.next(), loadModel: loadModel)
  }
}
