import FERCore
import FERData
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

@Suite("What a training must be able to do")
struct LearningTests {
  /// Eight faces seen again and again: whatever cannot learn them by heart loses its gradients somewhere.
  @Test("a model learns eight faces by heart")
  func byHeart() throws {
    let workshop = try Workshop("training.schedule={ use: \"constant\" }")
    let (recipe, source) = (workshop.recipe, TinyImages(count: 8))
    let model = try recipe.buildModel()
    let step = TrainingStep(
      model: model, optimizer: try recipe.makeOptimizer(), schedule: try recipe.makeSchedule(), average: nil,
      options: recipe.training, seed: recipe.seed)
    let request = BatchRequest(order: Array(0..<8), batchSize: 8, epoch: 0)
    let batch = try #require(try source.stream(request).next())
    let targets = Targets(of: source.samples, classCount: 3)
    var losses: [Double] = []
    for number in 0..<150 {
      let work = TrainingStep.Work(
        batch, targets, ids: source.samples.map(\.id), step: number,
        at: TrainingProgress(position: 0, epochs: 1))
      losses.append(try step(work).loss)
    }
    // Knowing nothing costs ln 3 = 1.10; dropout keeps it from nothing.
    let end = losses.suffix(10).reduce(0, +) / 10
    #expect(losses[0] > 0.8 && end < 0.25, "\(losses[0]) to \(end)")
  }

  @Test("what is said of an image does not depend on how many are looked at together")
  func batchSizes() throws {
    let model = try Workshop().recipe.buildModel()
    func rows(_ size: Int) throws -> [EvaluatedSample] {
      try Evaluator(model, batchSize: size).evaluate(TinyImages(count: 20)).set.samples
    }
    let whole = try rows(64)
    #expect(whole.count == 20)
    for size in [1, 7] {
      for (one, other) in zip(try rows(size), whole) {
        expectClose(Tensor([3], one.final), Tensor([3], other.final), absolute: 1e-6, "\(size): \(one.id)")
      }
    }
  }
}
