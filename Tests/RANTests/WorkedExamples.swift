import FERCore
import FERTools
import NeuralKit
import TestSupport
import Testing

@testable import RAN

@Suite("RAN's components by hand, and by the rules of their kinds")
struct WorkedExamples {
  @Test("what was worked out comes out", arguments: examples)
  func comesOut(_ example: Example) throws { #expect(try example.check() == []) }

  @Test("the views have an example")
  func complete() throws {
    #expect(try Example.missing(for: RANPlugin.self, among: Self.examples) == [])
  }

  @Test("the rules of their kinds, and with the paper's weighting too")
  func conformance() throws {
    let registry = try Registry(plugins: [RANPlugin.self])
    #expect(ConformanceKit.problems(in: registry) == [])
    var setting = ConformanceKit.Setting()
    setting.options["encoders/region-attention"] = .object(["weighting": .string("sigmoid")])
    setting.options["views/regions"] = .object(["crops": .string("random"), "scaleMin": .double(0.05)])
    #expect(ConformanceKit.problems(in: registry, setting: setting) == [])
  }

  private static let examples = [
    // 224 · 3/4 = 168, 224 / 4 = 56, 224 / 8 = 28, 7/8 · 224 = 196; 224 / 20 = 11.2, 0.95 · 224 = 212.8;
    // 0.075 · 224 = 16.8, 0.925 · 224 = 207.2: cut off.
    Example("views/regions") {
      .boxes(
        of: Regions(.init()), width: 224, height: 224,
        are: [
          Box(left: 0, top: 0, right: 168, bottom: 168), Box(left: 56, top: 0, right: 224, bottom: 168),
          Box(left: 28, top: 56, right: 196, bottom: 224), Box(left: 11, top: 11, right: 212, bottom: 212),
          Box(left: 16, top: 16, right: 207, bottom: 207), Box(left: 0, top: 0, right: 224, bottom: 224),
        ])
    }
  ]
}
