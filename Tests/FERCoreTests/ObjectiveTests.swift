import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

/// Four rows of embeddings 1, 2, 3 and 6.
@Suite("Objective")
struct ObjectiveTests {
  private static let embedding = Tensor([4, 1], [1, 2, 3, 6])

  private static func outcome(_ embedding: Tensor) -> Outcome {
    let even = Tensor.full([embedding.shape[0], 2], 0.5)
    return Outcome(embedding: embedding, logits: even, primary: even, terms: [], final: even)
  }

  /// Value and gradient of a step that is cut into pieces of `size` rows.
  private func step(
    _ loss: any Loss, weight: Float = 1, weights: [Float]? = nil, size: Int
  ) throws -> (value: Float, gradient: [Float]) {
    let objective = Objective(terms: [.init(name: "loss", weight: weight, loss: loss)])
    let targets = Targets(labels: [0, 1, 0, 1], weights: weights)
    var (value, gradient) = (Float(0), [Float]())
    for start in stride(from: 0, to: 4, by: size) {
      let (tape, rows) = (Tape(), start..<min(4, start + size))
      let embedding = tape.watch(Self.embedding.sliced(along: 0, from: start, count: rows.count))
      let piece = Objective.Piece(rows: rows, of: targets)
      let found = try objective(
        Self.outcome(embedding), against: targets.sliced(rows), .training(on: tape, seed: 1, step: 0),
        piece: piece)
      tape.backward(from: found.total)
      value += found.total.item
      gradient += tape.gradient(of: embedding)?.values ?? rows.map { _ in 0 }
    }
    return (value, gradient)
  }

  /// l = e: (1 + 2 + 3 + 6) / 4 = 3. With weights 1, 0, 2, 1: (1 + 0 + 6 + 6) / 4 = 3.25, gradients w / 4.
  @Test(
    "samples: a mean over the step, by weights where there are some, however it is cut",
    arguments: [1, 2, 3, 4])
  func samples(size: Int) throws {
    let plain = try step(RowLoss(), size: size)
    expectClose(Tensor.scalar(plain.value), [3])
    expectClose(Tensor([4], plain.gradient), [0.25, 0.25, 0.25, 0.25])
    for scale in [Float(1), 2] {
      let weighed = try step(RowLoss(), weights: [1, 0, 2, 1].map { $0 * scale }, size: size)
      expectClose(Tensor.scalar(weighed.value), [3.25])
      expectClose(Tensor([4], weighed.gradient), [0.25, 0, 0.5, 0.25])
    }
  }

  /// The loss's own weights 2, 1, 2, 1 by label: (2 + 2 + 6 + 6) / 6 = 16 / 6; together with 1, 0, 2, 1 they are 2, 0, 4, 1:
  /// (2 + 12 + 6) / 7.
  @Test("a loss may weigh rows by itself, over the whole step", arguments: [1, 2, 3, 4])
  func ownWeights(size: Int) throws {
    expectClose(Tensor.scalar(try step(LabelLoss(), size: size).value), [16.0 / 6])
    let both = try step(LabelLoss(), weights: [1, 0, 2, 1], size: size)
    expectClose(Tensor.scalar(both.value), [20.0 / 7])
    expectClose(Tensor([4], both.gradient), [2.0 / 7, 0, 4.0 / 7, 1.0 / 7])
  }

  @Test("no weight at all is a value of 0, not a division by 0")
  func noWeight() throws {
    let found = try step(RowLoss(), weights: [0, 0, 0, 0], size: 4)
    #expect(found.value == 0 && found.gradient == [0, 0, 0, 0])
  }

  /// The sum of squares of all rows: 1 + 4 + 9 + 36 = 50. In halves (5 · 2 + 45 · 2) / 4 = 25, in 3 and 1 rows
  /// (14 · 3 + 36 · 1) / 4 = 19.5. Weights are not its business.
  @Test("batch: the mean of the pieces by rows", arguments: [(4, 50), (2, 25), (3, 19.5)] as [(Int, Float)])
  func batch(size: Int, expected: Float) throws {
    expectClose(Tensor.scalar(try step(BatchLoss(), size: size).value), [expected])
    expectClose(Tensor.scalar(try step(BatchLoss(), weights: [1, 0, 2, 1], size: size).value), [expected])
  }

  /// 7 once, whatever the pieces; times a factor of 0.5.
  @Test("parameters: counted once a step", arguments: [1, 2, 3, 4])
  func parameters(size: Int) throws {
    #expect(try step(ParameterLoss(), weight: 0.5, size: size).value == 3.5)
  }

  @Test("a loss of the batch is left out of validation")
  func validation() throws {
    let objective = Objective(terms: [
      .init(name: "batch", loss: BatchLoss()), .init(name: "parameters", loss: ParameterLoss()),
      .init(name: "rows", loss: RowLoss()),
    ])
    let targets = Targets(labels: [0, 1, 0, 1])
    let found = try objective(Self.outcome(Self.embedding), against: targets, .evaluation)
    #expect(found.losses.map(\.name) == ["parameters", "rows"])
    #expect(found.total.item == 10)
    let training = try objective(
      Self.outcome(Self.embedding), against: targets, .training(on: Tape(), seed: 1, step: 0))
    #expect(training.losses.map(\.name) == ["batch", "parameters", "rows"])
  }

  /// One of four annotators' rows; class 2 alone afterwards, the other row as it was.
  @Test("a changed label changes its row of the distribution")
  func relabel() {
    var targets = Targets(labels: [0, 1], distribution: Tensor([2, 3], [0.5, 0.25, 0.25, 0, 1, 0]))
    targets.relabel(row: 0, as: 2)
    #expect(targets.labels == [2, 1])
    #expect(targets.distribution?.values == [0, 0, 1, 0, 1, 0])
    var plain = Targets(labels: [0, 1])
    plain.relabel(row: 1, as: 2)
    #expect(plain.labels == [0, 2] && plain.distribution == nil)
  }
}

private final class RowLoss: Loss {
  typealias Options = NoOptions
  static var scope: LossScope { .samples }
  init() {}
  init(_ options: NoOptions, in context: inout BuildContext) {}
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    outcome.embedding.reshaped([-1])
  }
}

private final class BatchLoss: Loss {
  typealias Options = NoOptions
  static var scope: LossScope { .batch }
  init() {}
  init(_ options: NoOptions, in context: inout BuildContext) {}
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    outcome.embedding.squared().sum()
  }
}

private final class ParameterLoss: Loss {
  typealias Options = NoOptions
  static var scope: LossScope { .parameters }
  init() {}
  init(_ options: NoOptions, in context: inout BuildContext) {}
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor { .full([1], 7) }
}

/// The embedding; rows of class 0 count twice.
private struct LabelLoss: Loss {
  static let scope = LossScope.samples

  init() {}
  init(_ options: NoOptions, in context: inout BuildContext) {}

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    outcome.embedding.sum(along: 1)
  }
  func rowWeights(_ targets: Targets, _ pass: ForwardPass) -> [Float]? {
    targets.labels.map { 2 - Float($0) }
  }
}
