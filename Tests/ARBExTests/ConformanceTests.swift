import ARBEx
import Testing

/// The rules of its kind, for every registered component: nothing has to be added here for a new one.
@Suite("Every registered component keeps the rules of its kind")
struct ConformanceTests {
  @Test("conformance", arguments: try Registry.builtins().summaries.map { "\($0.plural)/\($0.name)" })
  func conformance(_ component: String) throws {
    let findings = ConformanceKit.problems(in: try Registry.builtins(), only: component)
    #expect(findings == [])
  }
}
