import FERCore
import NeuralKit
import TensorKit
import Support

extension ConformanceKit {
  /// A loss: one finite number, the mean over the batch, with the right gradient for everything in the outcome,
  /// also where a probability is exactly 0.
  /// - Parameter evidence: what the loss requires beyond anchors and distances.
  public static func problems(
    loss entry: Entry<any Loss>, options: JSONValue? = nil, evidence: [EvidenceKey: Tensor] = [:]
  ) -> [String] {
    let optionProblems = OptionCheck(entry: entry).problems()
    let known = evidence.merging(anchorEvidence) { own, _ in own }
    let unknown = entry.summary.requires.filter { known[$0] == nil }
    guard unknown.isEmpty else {
      return optionProblems + unknown.map { "requires the evidence \"\($0)\": hand it to this check" }
    }
    do {
      var context = BuildContext.fixture(classes: classes, embedding: embedding)
      let part = try entry.make(options, in: &context)
      context.store.fill(seed: 1)
      return optionProblems + LossCheck(part: part, evidence: known).problems()
    } catch {
      return optionProblems + ["cannot be built with these options: \(error)"]
    }
  }

  /// A sampler: indices of samples that exist, the same for the same random source, another order in another
  /// epoch's source where there is any choice, and nothing at all for an empty dataset.
  public static func problems(
    sampler entry: Entry<any Sampler>, options: JSONValue? = nil
  ) -> [String] {
    let optionProblems = OptionCheck(entry: entry).problems()
    do {
      var context = BuildContext.fixture(classes: classes)
      let part = try entry.make(options, in: &context)
      let samples = (0..<60).map { index in
        Sample(id: "\(index)", label: index % 7 % classes, group: index % 3 == 0 ? "" : "g\(index % 5)")
      }
      func order(_ samples: [Sample]) -> [Int] {
        part.order(
          of: samples, classCount: classes, epoch: 1,
          random: RandomSource(seed: 1, stream: "sampler", epoch: 1))
      }
      let found = order(samples)
      var problems = optionProblems
      if found.isEmpty { problems.append("chooses none of 60 samples") }
      if !found.allSatisfy(samples.indices.contains) { problems.append("chooses samples that do not exist") }
      if found != order(samples) { problems.append("gives another order for the same random source") }
      if !order([]).isEmpty { problems.append("chooses samples of an empty dataset") }
      if order([samples[0]]).contains(where: { $0 != 0 }) {
        problems.append("chooses samples that do not exist")
      }
      return problems
    } catch {
      return optionProblems + ["cannot be built with these options: \(error)"]
    }
  }

  private static var anchorEvidence: [EvidenceKey: Tensor] {
    [
      .anchors: input("anchors", [classes, 2, embedding]),
      .distances: input("distances", [batch, classes, 2]).squared() + 0.5,
    ]
  }
}

/// The checks of one loss.
private struct LossCheck {
  let part: any Loss
  let evidence: [EvidenceKey: Tensor]

  /// Everything in an outcome that a loss may read, in a fixed order.
  private var inputs: [Tensor] {
    let count = ConformanceKit.batch
    return [
      ConformanceKit.input("embedding", [count, ConformanceKit.embedding]),
      ConformanceKit.input("logits", [count, ConformanceKit.classes]), ConformanceKit.distributions,
    ] + keys.compactMap { evidence[$0] }
  }

  private var keys: [EvidenceKey] { evidence.keys.sorted { $0.description < $1.description } }

  private var labels: [Int] { (0..<ConformanceKit.batch).map { ($0 * 3 + 1) % ConformanceKit.classes } }

  func problems() -> [String] {
    let found = value(inputs, labels)
    guard found.shape == [1] else { return ["the loss has shape \(found.shape), must be [1]"] }
    let doubled = inputs.enumerated().map { place, input in
      isBatch(place) ? Tensor.concatenated([input, input], along: 0) : input
    }
    let twice = value(doubled, labels + labels)
    var problems = gradientProblems(at: inputs) { value($0, labels) }
    if !(abs(found.item - twice.item) <= 1e-5 * max(1, abs(found.item))) {
      problems.append(
        "every sample twice gives \(twice.item), once \(found.item): it must be a mean over the batch")
    }
    return problems + hardInputProblems()
  }

  private func value(_ inputs: [Tensor], _ labels: [Int]) -> Tensor {
    let found = Dictionary(uniqueKeysWithValues: zip(keys, inputs.dropFirst(3)))
    let correction = Correction(distribution: inputs[2], evidence: found)
    let outcome = Outcome(
      embedding: inputs[0], head: HeadOutput(logits: inputs[1]), primary: inputs[1].softmax(along: -1),
      terms: [(name: "evidence", correction: correction)], final: inputs[2])
    return part.loss(of: outcome, against: Targets(labels: labels), .evaluation)
  }

  /// Whether the input of that place has one row for each sample: all but parameters handed on as evidence.
  private func isBatch(_ place: Int) -> Bool {
    place < 3 || inputs[place].shape[0] == ConformanceKit.batch
  }

  /// Certain and wrong, huge logits, everything else in one point.
  private func hardInputProblems() -> [String] {
    let (count, classes) = (ConformanceKit.batch, ConformanceKit.classes)
    var certain = [Float](repeating: 0, count: count * classes)
    for row in 0..<count { certain[row * classes] = 1 }
    let tape = Tape()
    let hard =
      [
        Tensor.zeros(inputs[0].shape), Tensor([count, classes], certain.map { ($0 - 0.5) * 2e4 }),
        Tensor([count, classes], certain),
      ] + inputs.dropFirst(3).map { Tensor.zeros($0.shape) }
    let watched = hard.map { tape.watch($0) }
    let found = value(watched, labels)
    tape.backward(from: found)
    let all = [found] + watched.compactMap { tape.gradient(of: $0) }
    return all.contains { tensor in tensor.values.contains { !$0.isFinite } }
      ? ["value or gradient is not finite for certain distributions and coinciding anchors"] : []
  }
}
