import FERCore
import Foundation
import NeuralKit
import TensorKit
import Testing

@testable import FERData

/// Images of one grey each; those in `broken` cannot be had.
private struct Greys: LoadedDataset {
  var samples: [Sample]
  var broken: Set<Int> = []
  /// Whether it is the machine's fault.
  var isFailing = false

  init(count: Int, broken: Set<Int> = []) {
    samples = (0..<count).map { Sample(id: "grey/\($0)", label: $0 % 3) }
    self.broken = broken
  }

  func image(at index: Int) throws -> Image {
    if broken.contains(index) { throw DataProblem("grey/\(index)", "is torn", isRequest: !isFailing) }
    return Image(width: 6, height: 5, colour: Array(repeating: Float(index) / 100, count: 3))
  }
}

@Suite("Batch loader")
struct LoaderTests {
  private func pipeline() -> InputPipeline {
    var color = ColorJitter.Options()
    color.hue = 0.1
    var noise = Noise.Options()
    noise.probability = 1
    var options = InputOptions()
    (options.size, options.normalize) = (4, .half)
    return InputPipeline(
      options, augmentations: [Rotate(.init()), ColorJitter(color), Noise(noise), Flip(.init())])
  }

  private func request(
    _ order: [Int], size: Int, _ change: (inout BatchRequest) -> Void = { _ in }
  ) -> BatchRequest {
    var request = BatchRequest(order: order, batchSize: size, epoch: 2)
    change(&request)
    return request
  }

  private func epoch(
    _ dataset: any LoadedDataset, _ request: BatchRequest, badImages: BadImagePolicy = .fail,
    seed: UInt64 = 5,
    workers: Int = 0, ahead: Int = 4
  ) throws -> [Batch] {
    let loader = BatchLoader(
      dataset, request, pipeline: pipeline(), badImages: badImages, seed: seed, workers: workers,
      batchesAhead: ahead)
    var result: [Batch] = []
    while let batch = try loader.next() { result.append(batch) }
    return result
  }

  private func same(_ a: [Batch], _ b: [Batch]) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy {
        $0.number == $1.number && $0.indices == $1.indices
          && $0.images.shape == $1.images.shape && $0.images.values == $1.images.values
      }
  }

  @Test("the same bits for any number of workers", arguments: [1, 2, 4, 7])
  func workers(count: Int) throws {
    let dataset = Greys(count: 50)
    let request = request((0..<50).map { ($0 * 7) % 50 }, size: 8)
    let alone = try epoch(dataset, request)
    for ahead in [1, 3] {
      let together = try epoch(dataset, request, workers: count, ahead: ahead)
      #expect(same(alone, together), "\(ahead) ahead")
    }
    #expect(alone.flatMap(\.indices) == (0..<50).map { ($0 * 7) % 50 })
    #expect(alone.map { $0.images.shape[0] } == [8, 8, 8, 8, 8, 8, 2])
    #expect(alone.allSatisfy { $0.firstRow == 0 })
  }

  @Test("an epoch taken up in its middle goes on with the same bits", arguments: 0...7)
  func startsInTheMiddle(batch: Int) throws {
    let dataset = Greys(count: 30)
    // Some samples come twice, as class-balanced samplers let them.
    let order = (0..<28).map { ($0 * $0) % 30 }
    let whole = try epoch(dataset, request(order, size: 4))
    let rest = try epoch(dataset, request(order, size: 4) { $0.firstBatch = batch }, workers: 2)
    #expect(same(Array(whole.dropFirst(batch)), rest))
  }

  @Test("seed, epoch and repetition each change the randomness; evaluation has none")
  func randomness() throws {
    let dataset = Greys(count: 4)
    let twice = request([1, 1], size: 2)
    let first = try epoch(dataset, twice)[0].images.values
    #expect(Array(first[..<48]) != Array(first[48...]))
    #expect(try epoch(dataset, twice, seed: 6)[0].images.values != first)
    #expect(try epoch(dataset, request([1, 1], size: 2) { $0.epoch = 3 })[0].images.values != first)
    let plain = try epoch(dataset, request([1, 1], size: 2) { $0.epoch = nil })[0].images.values
    // (0.01 − 0.5) / 0.5
    #expect(plain.allSatisfy { abs($0 + 0.98) < 1e-6 })
  }

  @Test("a bad image ends the work by default, with its name, again and again", arguments: [0, 3])
  func failing(workers: Int) throws {
    let loader = BatchLoader(
      Greys(count: 20, broken: [9]), BatchRequest(order: Array(0..<20), batchSize: 4), pipeline: pipeline(),
      workers: workers, batchesAhead: 2)
    #expect(try loader.next()?.indices == [0, 1, 2, 3])
    #expect(try loader.next()?.indices == [4, 5, 6, 7])
    for _ in 0..<2 {
      #expect(throws: DataProblem("grey/9", "is torn")) { try loader.next() }
    }
  }

  @Test("bad images are left out up to their share, and counted once", arguments: [0, 3])
  func skipping(workers: Int) throws {
    let loader = BatchLoader(
      Greys(count: 20, broken: [1, 6]), request([0, 1, 2, 1, 1, 1, 5, 6, 7, 8], size: 3),
      pipeline: pipeline(),
      badImages: .skip(upTo: 0.1), workers: workers)
    var found: [[Int]] = []
    while let batch = try loader.next() { found.append(batch.indices) }
    // Nothing is left of the second batch.
    #expect(found == [[0, 2], [5, 7], [8]])
    #expect(loader.problems == ["grey/1: is torn", "grey/6: is torn"])
    #expect(loader.skipped == [1, 6])
  }

  @Test("what bad images leave too small is dropped, and the numbers of the others stay")
  func smallest() throws {
    let request = request([0, 1, 2, 3, 4, 5], size: 2) { $0.smallestBatch = 2 }
    let batches = try epoch(Greys(count: 20, broken: [2]), request, badImages: .skip(upTo: 0.1))
    #expect(batches.map(\.number) == [0, 2] && batches.map(\.indices) == [[0, 1], [4, 5]])
  }

  @Test("what the machine cannot read is no bad image: nothing is left out, nothing noted")
  func failing() throws {
    let list = NSTemporaryDirectory() + "arbex-quarantine-\(UUID().uuidString)"
    var dataset = Greys(count: 20, broken: [6])
    dataset.isFailing = true
    for policy in [BadImagePolicy.fail, .skip(upTo: 1), .quarantine(list: list, upTo: 1)] {
      let problem = DataProblem("grey/6", "is torn", isRequest: false)
      #expect(throws: problem) { try epoch(dataset, request([1, 6, 2], size: 3), badImages: policy) }
      #expect(throws: problem) { try policy.check([DataProblem("a", "is torn"), problem], of: 20) }
    }
    #expect(!FileManager.default.fileExists(atPath: list))
  }

  @Test("one bad image too many stops, and says how many are allowed")
  func tooManyBad() throws {
    let dataset = Greys(count: 20, broken: [1, 6, 8])
    let problem = DataProblem(
      "grey/8", "is torn; with it 3 of 20 images are bad, and skipUpTo allows 10.0 %")
    let order = [0, 1, 2, 5, 6, 7, 8, 9]
    #expect(throws: problem) {
      try epoch(dataset, request(order, size: 3), badImages: .skip(upTo: 0.1))
    }
    // Taken up after the second batch, it still knows of the first two.
    let rest = request(order, size: 3) { ($0.firstBatch, $0.alreadySkipped) = (2, [1, 6]) }
    #expect(throws: problem) { try epoch(dataset, rest, badImages: .skip(upTo: 0.1)) }
  }

  @Test("a sampler that asks for what is not there is told so")
  func strangeIndex() throws {
    #expect(throws: DataProblem("", "the sampler asked for sample 4 of 4")) {
      try epoch(Greys(count: 4), request([0, 4], size: 2))
    }
  }

  @Test("batches: the rest comes last, and is left out below the minimum")
  func cutting() {
    func cut(_ order: [Int], _ size: Int, smallest: Int = 1) -> [[Int]] {
      let request = request(order, size: size) { $0.smallestBatch = smallest }
      #expect(request.batchCount == request.batches.count)
      return request.batches
    }
    #expect(cut(Array(0..<7), 3) == [[0, 1, 2], [3, 4, 5], [6]])
    #expect(cut(Array(0..<7), 3, smallest: 2) == [[0, 1, 2], [3, 4, 5]])
    #expect(cut([], 3) == [])
    #expect(cut([4, 5], 1, smallest: 2) == [[4], [5]])
  }

  @Test("dropping or cancelling a loader stops its threads")
  func stopping() throws {
    let dataset = Greys(count: 1000)
    let request = request(Array(0..<1000), size: 4)
    for _ in 0..<20 {
      let loader = BatchLoader(dataset, request, pipeline: pipeline(), workers: 3)
      _ = try loader.next()
      loader.cancel()
      let after = try loader.next()
      #expect(after?.number == nil)
    }
    for _ in 0..<20 { _ = BatchLoader(dataset, request, pipeline: pipeline(), workers: 3) }
  }
}
