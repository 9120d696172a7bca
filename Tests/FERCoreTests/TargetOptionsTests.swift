import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import FERCore

@Suite("Class weights")
struct TargetOptionsTests {
  private let training = ForwardPass.training(on: Tape(), seed: 1, step: 0)

  @Test("a row counts what its class counts, in training alone")
  func numbers() {
    let options = TargetOptions.with { $0.classWeights = .numbers([1, 3, 0]) }
    #expect(options.rowWeights(Targets(labels: [2, 1, 0, 1]), training) == [0, 3, 1, 3])
    #expect(options.rowWeights(Targets(labels: [2, 1]), .evaluation) == nil)
    #expect(TargetOptions().rowWeights(Targets(labels: [0]), training) == nil)
  }

  /// By hand: 9 images of 3 classes, 6, 2 and 1 of each: 9 / (3 · 6), 9 / (3 · 2), 9 / (3 · 1).
  @Test("balanced: N / (C·n)")
  func balanced() {
    let options = TargetOptions.with { $0.classWeights = .balanced }
    var targets = Targets(labels: [0, 1, 2])
    #expect(options.rowWeights(targets, training) == nil)
    targets.classCounts = [6, 2, 1]
    #expect(options.rowWeights(targets, training) == [0.5, 1.5, 3])
    #expect(options.rowWeights(targets.sliced(1..<2), training) == [1.5])
  }

  @Test(
    "recipes say it as a list or a word; what cannot be is told by its key",
    arguments: [
      ("[1, 2, 0.5]", ""), ("'balanced'", ""), ("[]", ""),
      ("[1]", "needs a number for each of the 3 classes, has 1"),
      ("[0, 0, 0]", "needs a class that counts; all numbers are 0"),
      ("[-1, 1, 1]", "must be at least 0, is -1"),
      ("'even'", "must be a list of numbers, or \"balanced\", is the text \"even\""),
    ])
  func recipes(_ value: String, _ problem: String) throws {
    enum WeighedPlugin: Plugin {
      static func register(in registry: inout Registry) throws {
        try registry.losses.register("weighed", WeighedLoss.self)
      }
    }
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    let change = "losses={ weighed: { classWeights: \(value) } }"
    guard !problem.isEmpty else {
      _ = try workshop.load("a.json5", change, and: [WeighedPlugin.self]).buildModel()
      return
    }
    let report = try workshop.report("a.json5", change, and: [WeighedPlugin.self])
    #expect(report.contains("losses.weighed.classWeights"), "\(report)")
    #expect(report.contains(problem), "\(report)")
  }
}

private struct WeighedLoss: Loss {
  static let scope = LossScope.samples

  init(_ options: TargetOptions, in context: inout BuildContext) throws { try options.check(in: context) }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    outcome.final.sum(along: 1)
  }
}
