import FERCore
import NeuralKit
import ReliabilityBalancing
import Baselines
import TensorKit
import TestSupport
import Testing

@Suite("Samplers")
struct SamplerTests {
  /// Two videos of 40 and 5 frames of class 0, 30 single images of class 1, 3 of class 2, none of class 3.
  private let samples =
    (0..<40).map { Sample(id: "a\($0)", label: 0, group: "a") }
    + (0..<5).map { Sample(id: "b\($0)", label: 0, group: "b") }
    + (0..<30).map { Sample(id: "c\($0)", label: 1) } + (0..<3).map { Sample(id: "d\($0)", label: 2) }

  @Test("refinement takes at most N of a group, then M of a class, each once")
  func refinement() throws {
    var options = RefinementSampler.Options()
    (options.perGroup, options.perClass) = (8, 20)
    let order = order(try make { try RefinementSampler(options, in: &$0) })
    #expect(Set(order).count == order.count)
    #expect(order.filter { samples[$0].group == "a" }.count == 8)
    #expect(order.filter { samples[$0].group == "b" }.count == 5)
    #expect(counts(order) == [13, 20, 3, 0])
    options.perClass = 10
    let fewer = self.order(try make { try RefinementSampler(options, in: &$0) })
    #expect(counts(fewer) == [10, 10, 3, 0])
  }

  @Test("class-balanced gives equal shares and repeats rare classes only")
  func classBalanced() throws {
    var options = ClassBalancedSampler.Options()
    options.perClass = 10
    let order = order(try make { try ClassBalancedSampler(options, in: &$0) })
    #expect(counts(order) == [10, 10, 10, 0])
    for label in 0...1 { #expect(Set(order.filter { samples[$0].label == label }).count == 10) }
    // 78 samples of three classes: 26 each.
    let whole = self.order(try make { try ClassBalancedSampler(.init(), in: &$0) })
    #expect(counts(whole) == [26, 26, 26, 0])
  }

  @Test("shuffled and sequential take every sample once")
  func plain() throws {
    let shuffled = order(try make { try ShuffledSampler(.init(), in: &$0) })
    #expect(shuffled.sorted() == Array(samples.indices))
    #expect(shuffled != Array(samples.indices))
    let sequential = order(try make { try SequentialSampler(.init(), in: &$0) })
    #expect(sequential == Array(samples.indices))
  }

  @Test("the seed decides the order, and an empty dataset has an empty one")
  func determinism() throws {
    let samplers: [any Sampler] = [
      try make { try RefinementSampler(.init(), in: &$0) },
      try make { try ClassBalancedSampler(.init(), in: &$0) },
      try make { try ShuffledSampler(.init(), in: &$0) },
    ]
    for sampler in samplers {
      #expect(order(sampler) == order(sampler))
      #expect(order(sampler) != order(sampler, seed: 2))
      let random = RandomSource(seed: 1, stream: "sampler")
      #expect(sampler.order(of: [], classCount: 4, epoch: 0, random: random).isEmpty)
    }
  }

  private func make<Part>(_ build: (inout BuildContext) throws -> Part) throws -> Part {
    var context = BuildContext.fixture(classes: 4)
    return try build(&context)
  }

  private func order(_ sampler: some Sampler, seed: UInt64 = 1) -> [Int] {
    sampler.order(of: samples, classCount: 4, epoch: 0, random: RandomSource(seed: seed, stream: "sampler"))
  }

  private func counts(_ order: [Int]) -> [Int] {
    (0..<4).map { label in order.filter { samples[$0].label == label }.count }
  }
}
