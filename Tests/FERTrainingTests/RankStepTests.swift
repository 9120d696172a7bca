import FERCore
import FERData
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

/// A model with convolution, batch norm and dropout, trained by one process and by several that share every batch.
@Suite("Training on several ranks")
struct RankStepTests {
  /// What three steps leave behind.
  private struct Left: Equatable, Sendable {
    var weights: [Float] = []
    var losses: [Double] = []
    var correct: [Int] = []
  }

  private func left(on ranks: Int, images: Int, _ changes: String...) throws -> [Left] {
    try ThreadRanks.run(ranks) { [changes] collective in
      let workshop = try Workshop(changes), recipe = workshop.recipe
      let model = try recipe.buildModel()
      let step = TrainingStep(
        model: model, optimizer: try recipe.makeOptimizer(), schedule: try recipe.makeSchedule(),
        average: nil,
        options: recipe.training, seed: 3, over: collective)
      let source = TinyImages(count: images)
      var left = Left()
      for number in 0..<3 {
        let request = BatchRequest(order: Array(0..<images), batchSize: images, epoch: number)
        let whole = try #require(try source.stream(request).next())
        let rows = BatchPart(recipe.training, of: collective).places(of: images)
        let own = Batch(
          number: 0, images: whole.images.gathered(rows: rows), indices: rows.map { whole.indices[$0] })
        let result = try step(
          .init(
            own, Targets(of: source.samples, classCount: 3), ids: [], step: number,
            at: TrainingProgress(position: 1, epochs: 3)))
        left.losses.append(result.loss)
        left.correct += [result.correct, result.primaryCorrect]
        #expect(result.outcome.final.shape == [rows.count, 3])
      }
      left.weights = model.store.all.flatMap(\.value.values)
      return left
    }
  }

  private func expectSame(_ found: [Left], _ whole: Left, _ what: String) {
    for (rank, found) in found.enumerated() {
      // Not promised of OpenBLAS, whose products are not the same for any number of rows.
      if BLASInfo.hasOwnProduct { #expect(found == whole, "rank \(rank) of \(what)") }
      #expect(relativeNorm(found.weights, whole.weights) < 1e-4, "rank \(rank) of \(what)")
    }
  }

  @Test(
    "weights, running statistics, losses and counts have the same bits on 1, 2 and 4 ranks",
    arguments: [16, 11, 8])
  func sameBits(images: Int) throws {
    let whole = try left(on: 1, images: images)[0]
    #expect(Set(whole.losses).count == 3)
    for ranks in [2, 4] { expectSame(try left(on: ranks, images: images), whole, "\(ranks)") }
  }

  @Test("so they have where a step goes through in pieces")
  func pieces() throws {
    let whole = try left(on: 1, images: 16, "training.accumulate=2")[0]
    #expect(try left(on: 1, images: 16)[0] != whole, "batch norms see one piece at a time")
    expectSame(try left(on: 2, images: 16, "training.accumulate=2"), whole, "2")
  }

  @Test("so they have under an optimiser that looks twice")
  func twice() throws {
    let change = "training.optimizer={use:'sam',base:'adam'}"
    expectSame(try left(on: 4, images: 16, change), try left(on: 1, images: 16, change)[0], "4")
  }

  @Test("a loss that is no number on one rank ends all by its sentence")
  func broken() throws {
    let problems = try ThreadRanks.run(2) { collective in
      let recipe = try Workshop().recipe
      let model = try recipe.buildModel()
      if collective.rank == 1 {
        for parameter in model.store.trainable where parameter.name.hasSuffix("out.bias") {
          parameter.value = .full(parameter.shape, .nan)
        }
      }
      let step = TrainingStep(
        model: model, optimizer: try recipe.makeOptimizer(), schedule: try recipe.makeSchedule(),
        average: nil, options: recipe.training, seed: 3, over: collective)
      let batch = Batch(number: 0, images: uniformImages("x", count: 2, side: 8), indices: [0, 1])
      let work = TrainingStep.Work(
        batch, Targets(labels: [0, 1, 2, 0]), ids: ["a\(collective.rank)", "b"], step: 0,
        at: TrainingProgress(position: 1, epochs: 3))
      return "\(try #require(throws: RunProblem.self) { try step(work) })"
    }
    #expect(problems[0] == problems[1])
    for words in [
      "the loss is nan", "out.bias holds", "images of the batch: a1, b",
    ] {
      #expect(problems[0].contains(words), "\(problems[0])")
    }
  }

  @Test("a batch of few images goes through in fewer pieces, each of at least two")
  func fewImages() {
    let counts = [100, 12, 11, 7, 5, 3, 2, 1].map { BatchPart.pieceCount(of: $0, accumulate: 6) }
    #expect(counts == [6, 6, 3, 3, 2, 1, 1, 1])
    let pieces = StepPiece.all(of: 7, in: BatchPart(of: SingleProcess(), shards: 12, accumulate: 6))
    #expect(pieces.map(\.rows) == [0..<2, 2..<4, 4..<7] && pieces.map(\.own) == pieces.map(\.rows))
  }
}
