import FERCore
import FERTools
import NeuralKit
import TestSupport
import Testing

@testable import SCN

@Suite("SCN's label policy, by hand")
struct WorkedExamples {
  @Test("what was worked out comes out", arguments: examples)
  func comesOut(_ example: Example) throws { #expect(try example.check() == []) }

  @Test("the label policy has an example")
  func complete() throws {
    #expect(try Example.missing(for: SCNPlugin.self, among: Self.examples) == [])
  }

  // Before the first step nobody is sure of anything: labels are those given. What steps make of them: RelabelTests.
  private static let examples = [
    Example("labels/relabel", "before the first step") {
      let setting = TrainingSetting(classes: ["sad", "glad"], seed: 1) { path, _ in
        throw DataProblem(path.text, "no other model here")
      }
      return .labels(
        by: Relabel(.with { ($0.fromEpoch, $0.margin) = (1, 0) }),
        of: [0, 1, 1].enumerated().map { Sample(id: "\($0)", label: $1) }, in: setting, become: [0, 1, 1])
    }
  ]
}
