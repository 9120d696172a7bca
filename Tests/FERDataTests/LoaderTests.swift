import FERCore
import FERData
import Foundation
import NeuralKit
import TensorKit
import Testing

/// Images of one grey each; those in `broken` cannot be had.
private struct Greys: TolerantDataset {
  var samples: [Sample]
  var broken: Set<Int> = []
  var badImagePolicy = BadImagePolicy.fail
  var leftOut: [DataProblem] { [] }

  init(count: Int) { samples = (0..<count).map { Sample(id: "grey/\($0)", label: $0 % 3) } }

  func image(at index: Int) throws -> Image {
    if broken.contains(index) { throw DataProblem("grey/\(index)", "is torn") }
    return Image(width: 6, height: 5, colour: Array(repeating: Float(index) / 100, count: 3))
  }
}

@Suite("Batch loader")
struct LoaderTests {
  private func pipeline() throws -> InputPipeline {
    var context = makeContext(inputSize: 4)
    var color = ColorJitter.Options()
    color.hue = 0.1
    var noise = Noise.Options()
    noise.probability = 1
    let augmentations: [any Augmentation] = [
      try Rotate(.init(), in: &context), try ColorJitter(color, in: &context), try Noise(noise, in: &context),
      try Flip(.init(), in: &context),
    ]
    return InputPipeline(size: 4, normalization: .half, augmentations: augmentations)
  }

  private func epoch(
    _ dataset: any LoadedDataset, batches: [[Int]], _ change: (inout BatchLoader.Plan) -> Void = { _ in }
  ) throws -> [Batch] {
    var plan = BatchLoader.Plan(isTraining: true, seed: 5, epoch: 2)
    change(&plan)
    let loader = BatchLoader(dataset, batches: batches, pipeline: try pipeline(), plan: plan)
    var result: [Batch] = []
    while let batch = try loader.next() { result.append(batch) }
    return result
  }

  private func same(_ a: [Batch], _ b: [Batch]) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy {
        $0.number == $1.number && $0.labels == $1.labels && $0.indices == $1.indices
          && $0.images.shape == $1.images.shape && $0.images.values == $1.images.values
      }
  }

  @Test("the same bits for any number of workers", arguments: [1, 2, 4, 7])
  func workers(count: Int) throws {
    let dataset = Greys(count: 50)
    let batches = BatchLoader.batches(of: (0..<50).map { ($0 * 7) % 50 }, size: 8)
    let alone = try epoch(dataset, batches: batches)
    for ahead in [1, 3] {
      let together = try epoch(dataset, batches: batches) {
        $0.workers = count
        $0.batchesAhead = ahead
      }
      #expect(same(alone, together), "\(ahead) ahead")
    }
    #expect(alone.map(\.indices).flatMap { $0 } == (0..<50).map { ($0 * 7) % 50 })
    #expect(alone.map { $0.images.shape[0] } == [8, 8, 8, 8, 8, 8, 2])
  }

  @Test("an epoch taken up in its middle goes on with the same bits", arguments: 0...7)
  func startsInTheMiddle(batch: Int) throws {
    let dataset = Greys(count: 30)
    // Some samples come twice, as class-balanced samplers let them.
    let batches = BatchLoader.batches(of: (0..<28).map { ($0 * $0) % 30 }, size: 4)
    let whole = try epoch(dataset, batches: batches)
    let rest = try epoch(dataset, batches: batches) {
      $0.startBatch = batch
      $0.workers = 2
    }
    #expect(same(Array(whole.dropFirst(batch)), rest))
  }

  @Test("seed, epoch and repetition each change the randomness; evaluation has none")
  func randomness() throws {
    let dataset = Greys(count: 4)
    let first = try epoch(dataset, batches: [[1, 1]])[0].images.values
    #expect(Array(first[..<48]) != Array(first[48...]))
    #expect(try epoch(dataset, batches: [[1, 1]]) { $0.seed = 6 }[0].images.values != first)
    #expect(try epoch(dataset, batches: [[1, 1]]) { $0.epoch = 3 }[0].images.values != first)
    let plain = try epoch(dataset, batches: [[1, 1]]) { $0.isTraining = false }[0].images.values
    // (0.01 − 0.5) / 0.5
    #expect(plain.allSatisfy { abs($0 + 0.98) < 1e-6 })
  }

  @Test("a bad image ends the work by default, with its name, again and again", arguments: [0, 3])
  func failing(workers: Int) throws {
    var dataset = Greys(count: 20)
    dataset.broken = [9]
    var plan = BatchLoader.Plan(isTraining: false, workers: workers)
    plan.batchesAhead = 2
    let loader = BatchLoader(
      dataset, batches: BatchLoader.batches(of: Array(0..<20), size: 4), pipeline: try pipeline(), plan: plan)
    #expect(try loader.next()?.indices == [0, 1, 2, 3])
    #expect(try loader.next()?.indices == [4, 5, 6, 7])
    for _ in 0..<2 {
      #expect(throws: DataProblem("grey/9", "is torn")) { try loader.next() }
    }
  }

  @Test("bad images are left out up to their share, and counted once", arguments: [0, 3])
  func skipping(workers: Int) throws {
    var dataset = Greys(count: 20)
    dataset.broken = [1, 6]
    dataset.badImagePolicy = .skip(upTo: 0.1)
    let batches = [[0, 1, 2], [1, 1], [5, 6, 7], [8]]
    let loader = BatchLoader(
      dataset, batches: batches, pipeline: try pipeline(), plan: .init(isTraining: true, workers: workers))
    var found: [[Int]] = []
    while let batch = try loader.next() { found.append(batch.indices) }
    #expect(found == [[0, 2], [5, 7], [8]])
    #expect(loader.skipped.map(\.path) == ["grey/1", "grey/6"])
    #expect(loader.skippedIndices == [1, 6])
  }

  @Test("one bad image too many stops, and says how many are allowed")
  func tooManyBad() throws {
    var dataset = Greys(count: 20)
    dataset.broken = [1, 6, 8]
    dataset.badImagePolicy = .skip(upTo: 0.1)
    let problem = DataProblem(
      "grey/8", "is torn; with it 3 of 20 images are bad, and skipUpTo allows 10.0 %")
    #expect(throws: problem) { try epoch(dataset, batches: [[0, 1, 2], [5, 6, 7], [8, 9]]) }
    // Taken up after the second batch, it still knows of the first two.
    #expect(throws: problem) {
      try epoch(dataset, batches: [[0, 1, 2], [5, 6, 7], [8, 9]]) {
        $0.startBatch = 2
        $0.alreadySkipped = [1, 6]
      }
    }
  }

  @Test("a sampler that asks for what is not there is told so")
  func strangeIndex() throws {
    #expect(throws: DataProblem("", "the sampler asked for sample 4 of 4")) {
      try epoch(Greys(count: 4), batches: [[0, 4]])
    }
  }

  @Test("batches: the rest comes last, and is left out below the minimum")
  func cutting() {
    #expect(BatchLoader.batches(of: Array(0..<7), size: 3) == [[0, 1, 2], [3, 4, 5], [6]])
    #expect(BatchLoader.batches(of: Array(0..<7), size: 3, minimum: 2) == [[0, 1, 2], [3, 4, 5]])
    #expect(BatchLoader.batches(of: [], size: 3) == [])
    #expect(BatchLoader.batches(of: [4, 5], size: 1, minimum: 2) == [[4], [5]])
  }

  @Test("dropping or cancelling a loader stops its threads")
  func stopping() throws {
    let dataset = Greys(count: 1000)
    let batches = BatchLoader.batches(of: Array(0..<1000), size: 4)
    for _ in 0..<20 {
      let loader = BatchLoader(
        dataset, batches: batches, pipeline: try pipeline(), plan: .init(isTraining: true, workers: 3))
      _ = try loader.next()
      loader.cancel()
      let after = try loader.next()
      #expect(after?.number == nil)
    }
    for _ in 0..<20 {
      _ = BatchLoader(
        dataset, batches: batches, pipeline: try pipeline(), plan: .init(isTraining: true, workers: 3))
    }
  }
}
