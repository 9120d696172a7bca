import FERTools
import TestSupport
import Testing

@testable import RUL

/// RUL has no component that works without a model, and so none that the kit's worked examples are for: its encoder and
/// its loss are worked out by hand in their own suites.
@Suite("RUL and worked examples")
struct WorkedExamples {
  @Test("nothing is without an example")
  func complete() throws { #expect(try Example.missing(for: RULPlugin.self, among: []) == []) }
}
