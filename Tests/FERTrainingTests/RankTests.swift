import FERCore
import FERData
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

/// How far apart the embeddings of all rows lie: Σ s (e - mean e)² / N, with a learned s for each number.
private final class Spread: Loss {
  typealias Options = NoOptions
  static let scope = LossScope.batch
  private let scale: Parameter

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    scale = context.scope.parameter("scale", [try context.embeddingSize()], .ones)
  }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    let gap = outcome.embedding - outcome.embedding.mean(along: 0, keepingDimensions: true)
    return (gap.squared() * pass[scale]).sum() / Float(targets.labels.count)
  }
}

private enum SpreadPlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.losses.register("spread", Spread.self)
  }
}

/// A model with convolution, batch norm and dropout, trained by one process and by several that share every batch.
@Suite("Training on several ranks")
struct RankTests {
  /// What three steps leave behind.
  private struct Left: Equatable, Sendable {
    var weights: [Float] = []
    var losses: [Double] = []
    var correct: [Int] = []
  }

  private func left(on ranks: Int, images: Int, _ changes: String...) throws -> [Left] {
    try ThreadRanks.run(ranks) { [changes] collective in
      let workshop = try Workshop(changes, plugins: [SpreadPlugin.self]), recipe = workshop.recipe
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
        let rows = StepPiece.all(of: images, recipe.training, over: collective).flatMap(\.rows)
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

  @Test("so they have with a loss that looks across rows and has a parameter of its own", arguments: [16, 11])
  func acrossRows(images: Int) throws {
    let change = "losses.spread={weight:0.5}"
    let whole = try left(on: 1, images: images, change)[0]
    #expect(try left(on: 1, images: images)[0].weights != whole.weights)
    for ranks in [2, 4] { expectSame(try left(on: ranks, images: images, change), whole, "\(ranks)") }
  }

  @Test("so they have under an optimiser that looks twice")
  func twice() throws {
    let change = "training.optimizer={use:'sam',base:'adam'}"
    expectSame(try left(on: 4, images: 16, change), try left(on: 1, images: 16, change)[0], "4")
  }

  @Test("a loss that is no number on one rank ends all, each by its own sentence")
  func broken() throws {
    let problem = try #require(throws: RunProblem.self) {
      _ = try ThreadRanks.run(2) { collective in
        let recipe = try Workshop().recipe
        let model = try recipe.buildModel()
        if collective.rank == 1 {
          for parameter in model.store.trainable where parameter.name.hasSuffix("out.bias") {
            parameter.value = .full(parameter.shape, .nan)
          }
        }
        let step = TrainingStep(
          model: model, optimizer: try recipe.makeOptimizer(), schedule: try recipe.makeSchedule(),
          average: nil,
          options: recipe.training, seed: 3, over: collective)
        let images = uniformImages("x", count: 2, side: 8)
        _ = try step(
          .init(
            Batch(number: 0, images: images, indices: [0, 1]), Targets(labels: [0, 1, 2, 0]), ids: [],
            step: 0,
            at: TrainingProgress(position: 1, epochs: 3)))
      }
    }
    #expect("\(problem)".contains("the loss is not finite on another process"), "\(problem)")
  }

  @Test("a batch of few images goes through in fewer pieces, each of at least two")
  func fewImages() {
    var options = TrainingOptions()
    (options.shards, options.accumulate) = (12, 6)
    let counts = [100, 12, 11, 7, 5, 3, 2, 1].map { StepPiece.pieceCount(of: $0, options) }
    #expect(counts == [6, 6, 3, 3, 2, 1, 1, 1])
    let pieces = StepPiece.all(of: 7, options, over: SingleProcess())
    #expect(pieces.map(\.rows) == [0..<2, 2..<4, 4..<7] && pieces.map(\.own) == pieces.map(\.rows))
  }
}
