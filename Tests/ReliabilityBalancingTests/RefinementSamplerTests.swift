import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import ReliabilityBalancing

@Suite("The refinement sampler")
struct RefinementSamplerTests {
  /// Two videos of 40 and 5 frames of class 0, 30 single images of class 1, 3 of class 2, none of class 3.
  static let samples =
    (0..<40).map { Sample(id: "a\($0)", label: 0, group: "a") }
    + (0..<5).map { Sample(id: "b\($0)", label: 0, group: "b") }
    + (0..<30).map { Sample(id: "c\($0)", label: 1) } + (0..<3).map { Sample(id: "d\($0)", label: 2) }

  @Test("it takes at most N of a group, each once")
  func groups() {
    let order = order(perGroup: 8, perClass: 20)
    #expect(Set(order).count == order.count)
    #expect(order.filter { Self.samples[$0].group == "a" }.count == 8)
    #expect(order.filter { Self.samples[$0].group == "b" }.count == 5)
  }

  @Test("the seed decides the order, and an empty dataset has an empty one")
  func determinism() {
    #expect(order(perGroup: 8, perClass: 20) == order(perGroup: 8, perClass: 20))
    #expect(order(perGroup: 8, perClass: 20) != order(perGroup: 8, perClass: 20, seed: 2))
    let sampler = RefinementSampler(.init())
    #expect(
      sampler.order(of: [], classCount: 4, epoch: 0, random: RandomSource(seed: 1, stream: "s")).isEmpty)
  }

  private func order(perGroup: Int, perClass: Int, seed: UInt64 = 1) -> [Int] {
    var options = RefinementSampler.Options()
    (options.perGroup, options.perClass) = (perGroup, perClass)
    return RefinementSampler(options).order(
      of: Self.samples, classCount: 4, epoch: 0, random: RandomSource(seed: seed, stream: "sampler"))
  }
}
