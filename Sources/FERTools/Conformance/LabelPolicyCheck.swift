import FERCore
import NeuralKit
import Support
import TensorKit

/// The rules of label policies.
struct LabelPolicyCheck {
  /// What was told of a batch.
  private struct Answer: Equatable {
    let labels: [Int]
    let shares: [Float]?
    let weights: [Float]?
  }

  private let evidence: Evidence
  private let make: () throws -> any LabelPolicy
  private let samples = (0..<4 * ConformanceKit.rowCount).map { index in
    let shares: [Float]? = index % 3 == 0 ? [0.1, 0.2, 0.3, 0.4] : nil
    return Sample(
      id: "face \(index)", label: shares == nil ? index % ConformanceKit.classCount : 3, distribution: shares)
  }

  init(_ subject: Subject<any LabelPolicy>, _ evidence: Evidence) {
    self.evidence = evidence
    make = { try subject.make() }
  }

  func run(_ found: inout Findings) throws {
    let (policy, begun) = try begin(samples)
    let places = Dictionary(uniqueKeysWithValues: begun.map { ($0.id, $0) })
    guard places.count == samples.count, begun.map(\.id) == samples.map(\.id) else {
      return found.add(.shapes, "adds, removes or renames samples")
    }
    for sample in begun { check([sample.label], sample.distribution, nil, "of samples", &found) }
    let reversed = try begin(samples.reversed()).samples
    found.expect(
      reversed.allSatisfy { places[$0.id] == $0 }, .independence,
      "what it makes of a sample depends on their order")
    guard found.all.isEmpty else { return found.skip(.shapes, .determinism, .saving) }

    let first = try answers(policy, begun, epochs: [0, 1, 50], &found)
    let (again, restored) = (try begin(samples).policy, try begin(samples).policy)
    found.expect(
      try answers(again, begun, epochs: [0, 1, 50], &found) == first && again.state == policy.state,
      .determinism, "of the same outcomes it learns something else")
    let text = try? JSONValue.text(encoding: policy.state)
    guard let state = text.flatMap({ JSONValue.decoded(ComponentState.self, from: $0) }) else {
      return found.add(.saving, "its state holds numbers that are not finite")
    }
    restored.state = state
    found.expect(
      try answers(restored, begun, epochs: [51, 52], &found)
        == answers(policy, begun, epochs: [51, 52], &found) && restored.state == policy.state, .saving,
      "goes on otherwise after its state was saved and restored")
    for table in policy.remarks(on: begun, classes: setting.classes) {
      found.expect(
        table.rows.allSatisfy { $0.count == table.columns.count }, .shapes,
        "the rows of its table \"\(table.title)\" have other than \(table.columns.count) cells")
    }
  }

  private var setting: TrainingSetting {
    TrainingSetting(classes: (0..<ConformanceKit.classCount).map { "class\($0)" }, seed: 1) { _, _ in
      Teacher()
    }
  }

  private func begin(_ samples: [Sample]) throws -> (policy: any LabelPolicy, samples: [Sample]) {
    let policy = try make()
    var samples = samples
    try policy.begin(&samples, in: setting)
    return (policy, samples)
  }

  /// What it says in some epochs, and is told after each batch.
  private func answers(
    _ policy: any LabelPolicy, _ samples: [Sample], epochs: [Int], _ found: inout Findings
  ) throws -> [Answer] {
    let (rows, classes) = (ConformanceKit.rowCount, ConformanceKit.classCount)
    var answers: [Answer] = []
    for epoch in epochs {
      for number in 0..<(samples.count / rows) {
        let indices = Array(number * rows..<(number + 1) * rows)
        let name = "\(epoch) \(number)"
        let batch = Batch(
          number: number, images: SeededNumbers.tensor("images " + name, [rows, 8, 8, 3]), indices: indices)
        let given = Targets(of: indices.map { samples[$0] }, classCount: classes)
        let targets = try policy.targets(given, for: batch)
        check(targets.labels, targets.distribution?.values, targets.weights, "for a batch", &found)
        found.expect(
          targets.labels.count == rows && targets.distribution?.shape ?? [rows, classes] == [rows, classes]
            && targets.weights?.count ?? rows == rows, .shapes,
          "for a batch of \(rows) rows, it answers others")
        let logits = SeededNumbers.tensor("logits " + name, [rows, classes]) * 4
        policy.observe(
          Outcome(
            embedding: ConformanceKit.embedding, logits: logits, primary: logits.softmax(along: -1),
            terms: [], final: logits.softmax(along: -1), evidence: evidence), targets, indices, epoch: epoch)
        answers.append(
          Answer(labels: targets.labels, shares: targets.distribution?.values, weights: targets.weights))
      }
    }
    return answers
  }

  private func check(
    _ labels: [Int], _ shares: [Float]?, _ weights: [Float]?, _ place: String, _ found: inout Findings
  ) {
    found.expect(
      labels.allSatisfy((0..<ConformanceKit.classCount).contains), .range, "labels \(place) are \(labels)")
    found.expect(distributions: shares ?? [], of: ConformanceKit.classCount)
    found.expect(
      (weights ?? []).allSatisfy { $0.isFinite && $0 >= 0 }, .range, "weights \(place) are \(weights ?? [])")
  }

  /// Sure of a class that the first pixel tells.
  private struct Teacher: FrozenModel {
    let fingerprint = "teacher"
    func distribution(of images: Tensor) -> Tensor {
      let count = images.shape[0]
      let first = images.reshaped([count, -1]).sliced(along: 1, from: 0, count: ConformanceKit.classCount)
      return (first * 3).softmax(along: -1)
    }
  }
}
