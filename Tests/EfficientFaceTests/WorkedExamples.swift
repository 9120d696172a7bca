import FERCore
import FERTools
import Testing
import TestSupport

@testable import EfficientFace

/// Its kinds of component have a place in a model, so that their numbers stand in the other suites.
@Suite("EfficientFace's components by the rules of their kinds")
struct WorkedExamples {
  @Test("the rules of their kinds, and with a small stem too")
  func conformance() throws {
    let registry = try Registry(plugins: [EfficientFacePlugin.self])
    #expect(ConformanceKit.problems(in: registry) == [])
    var setting = ConformanceKit.Setting()
    setting.options["backbones/efficientface"] = .object([
      "stem": .string("small"), "units": .array([.int(1), .int(2), .int(1)]),
      "widths": .array([4, 8, 8, 12, 16].map { .int($0) }), "reduction": .int(4),
    ])
    #expect(ConformanceKit.problems(in: registry, only: "backbones/efficientface", setting: setting) == [])
  }

  @Test("nothing here works without a model")
  func complete() throws { #expect(try Example.missing(for: EfficientFacePlugin.self, among: []) == []) }
}
