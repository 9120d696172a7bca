import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

/// The kit must find what is wrong: each component here breaks one rule.
@Suite("The conformance kit finds faults")
struct ConformanceKitTests {
  @Test("a sound term has no problems")
  func sound() throws { #expect(try problems(Faulty<Sound>.self) == []) }

  @Test("attention across the batch is a leak")
  func leak() throws {
    #expect(try problems(Faulty<Leaking>.self).contains { $0.contains("alone and within the batch") })
  }

  @Test("rows must sum to 1")
  func sums() throws { #expect(try problems(Faulty<Unnormalised>.self).contains { $0.contains("sums to") }) }

  @Test("a detached parameter gets no gradient")
  func noGradient() throws {
    #expect(try problems(Faulty<Detached>.self).contains("parameter \"weight\" gets no gradient"))
  }

  @Test("a gradient that leaves a path out is wrong")
  func wrongGradient() throws {
    #expect(try problems(Faulty<HalfDetached>.self).contains { $0.contains("central differences") })
  }

  @Test("state outside the store is lost by saving")
  func unsaved() throws {
    #expect(try problems(Faulty<Forgetful>.self).contains { $0.contains("saved and loaded") })
  }

  @Test("results that are not finite are found")
  func notFinite() throws { #expect(try problems(Faulty<Bare>.self).contains { $0.contains("not finite") }) }

  private func problems<Fault>(_ type: Faulty<Fault>.Type) throws -> [String] {
    var registry = Registry()
    try registry.corrections.register("faulty", type)
    return ConformanceKit.problems(correction: try #require(registry.corrections["faulty"]))
  }
}

/// What a faulty term makes of its embedding; `calls` counts how often it was asked.
private protocol Fault: SendableMetatype {
  static func distribution(_ embedding: Tensor, _ weight: Tensor, calls: Int) -> Tensor
}

private final class Faulty<Kind: Fault>: CorrectionTerm {
  typealias Options = NoOptions
  static var provides: [EvidenceKey] { [] }
  private let weight: Parameter
  private var calls = 0

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    weight = context.scope.parameter(
      "weight", [context.classCount, try context.embeddingSize()], .normal(deviation: 0.3))
  }

  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    calls += 1
    return Correction(distribution: Kind.distribution(prediction.embedding, pass[weight], calls: calls))
  }
}

private enum Sound: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    e.linear(weight: w, bias: nil).softmax()
  }
}

private enum Leaking: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    (e - e.mean(along: 0, keepingDimensions: true)).linear(weight: w, bias: nil).softmax()
  }
}

private enum Unnormalised: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    e.linear(weight: w, bias: nil).sigmoid()
  }
}

private enum Detached: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    e.linear(weight: w.detached, bias: nil).softmax()
  }
}

private enum HalfDetached: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    (e.linear(weight: w, bias: nil) + (e * e).linear(weight: w.detached, bias: nil)).softmax()
  }
}

private enum Forgetful: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    (e.linear(weight: w, bias: nil) * Float(calls)).softmax()
  }
}

private enum Bare: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    let scores = e.linear(weight: w, bias: nil).exp()
    return scores / scores.sum(along: 1, keepingDimensions: true)
  }
}
