import ARBEx
import TestSupport
import Testing

/// The rules of its kind, for every registered component: nothing has to be added here for a new one.
@Suite("Every registered component keeps the rules of its kind")
struct ConformanceTests {
  @Test("conformance", arguments: try Self.registry().summaries.map { "\($0.shelf)/\($0.name)" })
  func conformance(_ component: String) throws {
    let problems = ConformanceKit.problems(in: try Self.registry(), only: component).map { "\($0)" }
    #expect(problems == [])
  }

  private static func registry() throws -> Registry {
    try Registry.builtins()
  }
}
