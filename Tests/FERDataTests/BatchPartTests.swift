import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import FERData

/// Images of one grey each; those in `broken` cannot be had.
private struct Greys: LoadedDataset {
  let samples = (0..<40).map { Sample(id: "grey/\($0)", label: $0 % 3) }
  var broken: Set<Int> = []

  func image(at index: Int) throws -> Image {
    if broken.contains(index) { throw DataProblem("grey/\(index)", "is torn") }
    return Image(width: 6, height: 5, colour: Array(repeating: Float(index) / 100, count: 3))
  }
}

/// What a loader has delivered in an epoch.
private struct Epoch {
  var batches: [Batch] = []
  var (skipped, problems) = ([Int](), [String]())
}

@Suite("Batches shared by processes")
struct BatchPartTests {
  /// By hand: 10 rows in 4 shards are cut at 0, 2, 5, 7, 10.
  @Test("who has which rows")
  func places() throws {
    let four = try ThreadRanks.run(4) { BatchPart(of: $0, shards: 4).places(of: 10) }
    #expect(four == [[0, 1], [2, 3, 4], [5, 6], [7, 8, 9]])
    let two = try ThreadRanks.run(2) { BatchPart(of: $0, shards: 4).places(of: 10) }
    #expect(two == [Array(0..<5), Array(5..<10)])
    // Pieces come first: the rows 0 to 4 are shared, then 5 to 9.
    let pieces = try ThreadRanks.run(2) { BatchPart(of: $0, shards: 4, accumulate: 2).places(of: 10) }
    #expect(pieces == [[0, 1, 5, 6], [2, 3, 4, 7, 8, 9]])
    // Fewer rows than shards are not cut.
    #expect(
      try ThreadRanks.run(4) { BatchPart(of: $0, shards: 4).places(of: 3) }
        == Array(repeating: [0, 1, 2], count: 4))
    #expect(
      try ThreadRanks.run(4) { BatchPart(of: $0, shards: 4).places(of: 4) } == [[0], [1], [2], [3]])
  }

  @Test("how many processes can share a batch")
  func numbers() {
    func problem(_ ranks: Int, _ shards: Int, _ batch: Int = 64, _ images: Int = 1000) -> String? {
      BatchPart.problem(ranks: ranks, shards: shards, batch: batch, images: images)
    }
    for (ranks, shards) in [(1, 4), (2, 4), (4, 4), (1, 6), (3, 6), (6, 6), (3, 12), (1, 1)] {
      #expect(problem(ranks, shards) == nil, "\(ranks) of \(shards)")
    }
    // Of 6 shards two processes would have three each, of which no tree of pairs has a branch.
    for (ranks, shards) in [(3, 4), (8, 4), (2, 6), (2, 1), (4, 6)] {
      let parts = shards == 1 ? "one shard" : "\(shards) shards"
      #expect(
        problem(ranks, shards)?.contains("cannot share the \(parts)") == true, "\(ranks) of \(shards)")
    }
    #expect(problem(5, 4)?.hasSuffix("start 1, 2, 4 of them") == true)
    #expect(problem(4, 4, 3)?.contains("training.batch is 3; start at most 3") == true)
    #expect(problem(4, 4, 8, 2)?.contains("there are 2 training images; start at most 2") == true)
  }

  private static func epoch(
    _ request: BatchRequest, broken: Set<Int>, on ranks: any Collective, workers: Int
  ) throws -> Epoch {
    var options = InputOptions()
    (options.size, options.normalize) = (4, .half)
    var noise = Noise.Options()
    noise.probability = 1
    let pipeline = InputPipeline(options, augmentations: [Noise(noise), Flip(.init())])
    var request = request
    if ranks.size > 1 { request.part = BatchPart(of: ranks, shards: 4) }
    let loader = BatchLoader(
      Greys(broken: broken), request, pipeline: pipeline, badImages: .skip(upTo: 0.5), seed: 5,
      workers: workers)
    var epoch = Epoch()
    while let batch = try loader.next() { epoch.batches.append(batch) }
    (epoch.skipped, epoch.problems) = (loader.skipped, loader.problems)
    return epoch
  }

  @Test(
    "the parts of all are the batch of one, also where images cannot be read", arguments: [2, 4],
    [[], [3], [0, 1, 2, 3], [9, 18, 27, 36, 37], [4, 11, 12, 13, 14, 15, 16]])
  func parts(size: Int, broken: [Int]) throws {
    // Some samples come twice; the last batch has three.
    let order = (0..<27).map { ($0 * 5) % 40 } + [5, 5, 6, 10, 3, 2, 1, 0]
    var request = BatchRequest(order: order, batchSize: 8, epoch: 2)
    request.smallestBatch = 2
    let bad = Set(broken.map { order[$0 % order.count] })
    let whole = try Self.epoch(request, broken: bad, on: SingleProcess(), workers: 0)
    let asked = request
    let found = try ThreadRanks.run(size) { try Self.epoch(asked, broken: bad, on: $0, workers: $0.rank) }
    for epoch in found {
      #expect(epoch.batches.map(\.number) == whole.batches.map(\.number))
      #expect(epoch.skipped == whole.skipped && epoch.problems == whole.problems)
    }
    for (place, batch) in whole.batches.enumerated() {
      let parts = found.map { $0.batches[place] }
      #expect(parts.allSatisfy { $0.stepIndices == batch.indices })
      guard batch.indices.count >= 4 else {
        #expect(parts.allSatisfy { $0.indices == batch.indices && $0.images.values == batch.images.values })
        continue
      }
      #expect(parts.flatMap(\.indices) == batch.indices)
      #expect(parts.flatMap(\.images.values) == batch.images.values)
      #expect(parts.map(\.firstRow) == parts.indices.map { parts[..<$0].reduce(0) { $0 + $1.indices.count } })
    }
  }

  @Test("too many bad images on one end the work on all, by name")
  func tooMany() throws {
    let request = BatchRequest(order: Array(0..<16), batchSize: 8, epoch: 2)
    #expect {
      try ThreadRanks.run(2) { ranks in
        var request = request
        request.part = BatchPart(of: ranks, shards: 4)
        let loader = BatchLoader(Greys(broken: [13]), request, pipeline: InputPipeline(InputOptions()))
        #expect(try loader.next()?.indices.count == 4)
        let problem = #expect(throws: DataProblem.self) { try loader.next() }
        if let problem { throw problem }
      }
    } throws: { "\($0)" == "grey/13: is torn" }
  }
}
