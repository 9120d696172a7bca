import FERCore
import FERTools
import NeuralKit
import TestSupport
import Testing

@testable import ReliabilityBalancing

@Suite("The refinement sampler, by hand")
struct WorkedExamples {
  @Test("what was worked out comes out", arguments: examples)
  func comesOut(_ example: Example) throws { #expect(try example.check() == []) }

  @Test("every sampler has an example")
  func complete() throws {
    #expect(try Example.missing(for: ReliabilityBalancingPlugin.self, among: Self.examples) == [])
  }

  // Videos of 40 and 5 frames of class 0, 30 single images of class 1, 3 of class 2, none of class 3. At most 8 of a
  // video leave 8 + 5, 30 and 3 in the pool; of these at most 20, or 10, of a class.
  private static let examples = [(20, [13, 20, 3, 0]), (10, [10, 10, 3, 0])].map { perClass, counts in
    Example("samplers/refinement", "\(perClass) a class") {
      .epoch(
        of: RefinementSampler(.with { ($0.perGroup, $0.perClass) = (8, perClass) }),
        samples: RefinementSamplerTests.samples, classCount: 4, holds: counts)
    }
  }
}
