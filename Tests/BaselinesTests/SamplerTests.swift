import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import Baselines

@Suite("Samplers")
struct SamplerTests {
  /// 45 samples of class 0, 30 of class 1, 3 of class 2, none of class 3.
  private let samples = [45, 30, 3].enumerated().flatMap { label, count in
    (0..<count).map { Sample(id: "\(label)/\($0)", label: label) }
  }

  @Test("class-balanced repeats rare classes only")
  func classBalanced() throws {
    var options = ClassBalancedSampler.Options()
    options.perClass = 10
    let order = order(ClassBalancedSampler(options))
    for label in 0...1 { #expect(Set(order.filter { samples[$0].label == label }).count == 10) }
  }

  @Test("shuffled and sequential take every sample once")
  func plain() throws {
    let shuffled = order(ShuffledSampler(.init()))
    #expect(shuffled.sorted() == Array(samples.indices))
    #expect(shuffled != Array(samples.indices))
    #expect(order(SequentialSampler(.init())) == Array(samples.indices))
  }

  /// Of 30,000 draws a class of n samples gets 30,000 · n^(1 - power) / Σ: for power 0.5 √45, √30 and √3 of 13.917.
  /// Five deviations √(30,000·p·(1 - p)) are allowed, at most 433.
  @Test(
    "weighted draws a class by its size to a power",
    arguments: [
      (0, [17_308, 11_538, 1154]), (1, [10_000, 10_000, 10_000]), (0.5, [14_460, 11_807, 3734]),
      (2, [1714, 2571, 25_714]),
    ] as [(Float, [Int])])
  func weighted(_ power: Float, _ expected: [Int]) {
    var options = WeightedSampler.Options()
    (options.power, options.count) = (power, 30_000)
    let order = order(WeightedSampler(options))
    #expect(order.count == 30_000)
    for (found, expected) in zip(counts(order), expected + [0]) {
      #expect(abs(found - expected) < 433, "\(found), expected \(expected)")
    }
  }

  /// Each of the three samples of class 2 comes in 1/9 of 30,000 draws: 3333, deviation 54.
  @Test("weighted draws each sample of a class as often, and as many as there are samples")
  func weightedMembers() {
    var options = WeightedSampler.Options()
    options.count = 30_000
    let order = order(WeightedSampler(options))
    for index in 75..<78 { #expect(abs(order.count { $0 == index } - 3333) < 5 * 54) }
    #expect(self.order(WeightedSampler(.init())).count == 78)
  }

  /// Shares 12/16, 3/16 and 1/16 with t = 9/16: factors √(3/4), so 1; √3; √9 = 3. The three samples of the second
  /// class come 3·√3 = 5.196 times on average, deviation √(3·0.732·0.268) = 0.767 in an epoch and 0.017 in the mean of
  /// 2000.
  @Test("repeat-factor repeats samples of rare classes by the root of what they lack")
  func repeatFactor() {
    let samples = [12, 3, 1].enumerated().flatMap { label, count in
      (0..<count).map { Sample(id: "\(label)/\($0)", label: label) }
    }
    var options = RepeatFactorSampler.Options()
    options.threshold = 9 / 16
    let sampler = RepeatFactorSampler(options)
    var middle = 0
    for epoch in 0..<2000 {
      let order = sampler.order(
        of: samples, classCount: 3, epoch: epoch,
        random: RandomSource(seed: 1, stream: "sampler", epoch: UInt64(epoch)))
      let found = samples.byClass(order, classCount: 3)
      #expect(found[0].sorted() == Array(0..<12))
      #expect(Set(found[1]).count == 3)
      #expect(found[2] == [15, 15, 15])
      middle += found[1].count
    }
    #expect(abs(Double(middle) / 2000 - 5.196) < 5 * 0.017)
  }

  @Test("repeat-factor without a threshold takes every sample once")
  func noRepeats() {
    var options = RepeatFactorSampler.Options()
    options.threshold = 0
    #expect(order(RepeatFactorSampler(options)).sorted() == Array(samples.indices))
  }

  @Test("the seed decides the order, and an empty dataset has an empty one")
  func determinism() {
    let samplers: [any Sampler] = [
      ClassBalancedSampler(.init()), ShuffledSampler(.init()), WeightedSampler(.init()),
      RepeatFactorSampler(.init()),
    ]
    for sampler in samplers {
      #expect(order(sampler) == order(sampler))
      #expect(order(sampler) != order(sampler, seed: 2))
      let random = RandomSource(seed: 1, stream: "sampler")
      #expect(sampler.order(of: [], classCount: 4, epoch: 0, random: random).isEmpty)
    }
  }

  private func order(_ sampler: some Sampler, seed: UInt64 = 1) -> [Int] {
    sampler.order(of: samples, classCount: 4, epoch: 0, random: RandomSource(seed: seed, stream: "sampler"))
  }

  private func counts(_ order: [Int]) -> [Int] { samples.byClass(order, classCount: 4).map(\.count) }
}
