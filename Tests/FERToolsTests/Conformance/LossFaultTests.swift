import FERCore
import FERTools
import NeuralKit
import TensorKit
import Testing

@Suite("The conformance kit finds faults in losses")
struct LossFaultTests {
  private func loss<F: LossFault>(_ fault: F.Type) throws -> [Finding] {
    try problems { try $0.losses.register("faulty", FaultyLoss<F>.self) }
  }

  @Test("sound losses of each scope have no problems")
  func sound() throws {
    expect(try loss(CrossEntropy.self), nil)
    expect(try loss(Ranking.self), nil)
    expect(try loss(Decay.self), nil)
  }

  @Test("a value has the shape of its scope")
  func shapes() throws {
    expect(try loss(Averaged.self), .shapes, "the value (samples) has shape [1], declared is [3]")
    expect(try loss(Unaveraged.self), .shapes, "the value (batch) has shape [3], declared is [1]")
  }

  @Test("a row does not depend on other rows")
  func independence() throws { expect(try loss(Leaking.self), .independence) }

  @Test("gradients of everything in the outcome are right, for labels and for distributions")
  func gradients() throws {
    expect(try loss(Detached.self), .gradients, "gradient of input 2")
    expect(try loss(DetachedForShares.self), .gradients, "gradient of input 2")
  }

  /// A kink between the two lengths of a step: the long one alone meets it.
  @Test("a kink near by is no wrong gradient, and hides none")
  func kinks() throws {
    expect(try loss(Kinked.self), nil)
    expect(try loss(KinkedAndDetached.self), .gradients, "gradient of input 2")
  }

  @Test("weights are the objective's alone")
  func weights() throws {
    expect(try loss(Weighing.self), .scope, "doubling all weights")
    expect(try loss(WeighingBatch.self), .scope, "weights change its value")
  }

  @Test("a loss of the batch is defined for one row")
  func oneRow() throws { expect(try loss(Spread.self), .finite, "a batch of one row") }

  @Test("a loss of parameters looks at no batch")
  func parameters() throws { expect(try loss(NotOfParameters.self), .scope, "of parameters alone") }

  @Test("certain and wrong is finite")
  func hard() throws { expect(try loss(Bare.self), .finite, "certain and wrong") }

  @Test("a loss with parameters of its own saves them and finds their gradients")
  func ownParameters() throws {
    expect(try problems { try $0.losses.register("sound", CentreLoss<CrossEntropy>.self) }, nil)
    expect(
      try problems { try $0.losses.register("faulty", CentreLoss<Detached>.self) }, .gradients,
      "parameter \"centres\" gets no gradient")
  }
}

private protocol LossFault: SendableMetatype {
  static var scope: LossScope { get }
  static func value(_ outcome: Outcome, _ targets: Targets, _ weight: Tensor) -> Tensor
}
extension LossFault {
  static var scope: LossScope { .samples }
  static func entropy(_ distribution: Tensor, _ targets: Targets) -> Tensor {
    let truth = targets.distribution(classCount: distribution.shape[1], smoothing: 0)
    return -(truth * distribution.clamped(min: 1e-12).log()).sum(along: 1)
  }
}

private final class FaultyLoss<F: LossFault>: Loss {
  typealias Options = NoOptions
  static var scope: LossScope { F.scope }
  private let weight: Parameter?

  init(_ options: NoOptions, in context: inout BuildContext) {
    weight = F.scope == .parameters ? context.scope.parameter("weight", [5], .ones) : nil
  }
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    F.value(outcome, targets, weight.map { pass[$0] } ?? .zeros([1]))
  }
}

private enum CrossEntropy: LossFault {
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor { entropy(o.final, t) }
}
private enum Ranking: LossFault {
  static var scope: LossScope { .batch }
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor {
    let first = o.logits.sliced(along: 1, from: 0, count: 1)
    return (first - first.mean(along: 0, keepingDimensions: true)).squared().mean()
  }
}
private enum Decay: LossFault {
  static var scope: LossScope { .parameters }
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor { w.squared().sum() }
}
private enum Averaged: LossFault {
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor { entropy(o.final, t).mean() }
}
private enum Unaveraged: LossFault {
  static var scope: LossScope { .batch }
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor { entropy(o.final, t) }
}
private enum Leaking: LossFault {
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor {
    entropy(o.final, t)
      + (o.embedding - o.embedding.mean(along: 0, keepingDimensions: true)).squared().sum(along: 1)
  }
}
private enum Detached: LossFault {
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor { entropy(o.final.detached, t) }
}
private enum DetachedForShares: LossFault {
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor {
    entropy(t.distribution == nil ? o.final : o.final.detached, t)
  }
}
/// Has a kink 0.005 above the first score that the kit tries it at.
private enum Kinked: LossFault {
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor {
    entropy(o.final, t) + bent(o)
  }
  static func bent(_ o: Outcome) -> Tensor {
    let kink = SeededNumbers.uniform("conformance logits", 1)[0] + 5e-3
    return (o.logits - kink).relu().sum(along: 1)
  }
}
private enum KinkedAndDetached: LossFault {
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor {
    entropy(o.final.detached, t) + Kinked.bent(o)
  }
}
private enum Weighing: LossFault {
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor {
    entropy(o.final, t) * (t.weights.map { Tensor([$0.count], $0) } ?? .ones([1]))
  }
}
private enum WeighingBatch: LossFault {
  static var scope: LossScope { .batch }
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor {
    let weights = t.weights.map { weights in
      Tensor([weights.count], weights.map { $0 / weights.reduce(0, +) })
    }
    return (entropy(o.final, t) * (weights ?? .full([1], 1 / Float(t.labels.count)))).sum()
  }
}
/// Divides by N - 1, as a variance does.
private enum Spread: LossFault {
  static var scope: LossScope { .batch }
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor {
    Ranking.value(o, t, w) * Float(t.labels.count) / Float(t.labels.count - 1)
  }
}
private enum NotOfParameters: LossFault {
  static var scope: LossScope { .parameters }
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor {
    w.squared().sum() * o.embedding.mean()
  }
}
private enum Bare: LossFault {
  static func value(_ o: Outcome, _ t: Targets, _ w: Tensor) -> Tensor {
    -(t.distribution(classCount: 4, smoothing: 0) * o.final.log()).sum(along: 1)
  }
}

/// Pulls embeddings towards a centre of their class that it learns itself; one with a fault does not let it learn.
private final class CentreLoss<F: LossFault>: Loss {
  typealias Options = NoOptions
  static var scope: LossScope { .samples }
  private let centres: Parameter

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    centres = context.scope.parameter(
      "centres", [context.classCount, try context.embeddingSize()], .normal(deviation: 1))
  }
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    let all = F.self == Detached.self ? centres.value : pass[centres]
    return (outcome.embedding - all.gathered(rows: targets.labels)).squared().mean(along: 1)
  }
}
