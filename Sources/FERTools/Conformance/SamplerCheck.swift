import FERCore
import NeuralKit
import Support
import TensorKit

extension ConformanceKit {
  /// A sampler chooses samples that exist, the same for the same random source, and others for another epoch's. One that
  /// draws nothing gives the set's own order, or one that follows from the samples wherever they stand.
  static func check(_ subject: Subject<any Sampler>, _ found: inout Findings) throws {
    let (part, fresh) = (try subject.make(), try subject.make())
    let samples = (0..<60).map { index in
      Sample(id: "\(index)", label: index % 7 % classCount, group: index % 3 == 0 ? "" : "g\(index % 5)")
    }
    func order(_ sampler: any Sampler, _ samples: [Sample], seed: UInt64 = 1, epoch: Int = 0) -> [Int] {
      sampler.order(
        of: samples, classCount: classCount, epoch: epoch,
        random: RandomSource(seed: seed, stream: "sampler", epoch: UInt64(epoch)))
    }
    let first = order(part, samples)
    found.expect(!first.isEmpty, .purpose, "chooses none of \(samples.count) samples")
    found.expect(
      first.allSatisfy(samples.indices.contains) && order(part, [samples[0]]).allSatisfy { $0 == 0 }, .range,
      "chooses samples that do not exist")
    found.expect(order(part, []).isEmpty, .range, "chooses samples of an empty dataset")
    let (nextEpoch, otherSeed) = (order(part, samples, epoch: 1), order(part, samples, seed: 2))
    found.expect(
      order(part, samples) == first && order(fresh, samples) == first, .determinism,
      "gives another order for the same random source")
    guard otherSeed == first else {
      found.expect(
        nextEpoch != first, .randomness, "gives another order for another seed, and the same in another epoch"
      )
      return
    }
    var random = RandomSource(seed: 3, stream: "places")
    let moved = random.shuffled(samples)
    found.expect(
      first == first.sorted() || order(part, moved).map { moved[$0].id } == first.map { samples[$0].id },
      .randomness,
      "gives one order whatever the random source, which neither is the set's nor follows from the samples")
  }
}
