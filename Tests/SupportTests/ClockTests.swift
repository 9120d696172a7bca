import Testing

@testable import Support

@Suite("Dates for people")
struct ClockTests {
  /// A year of 365 days is 31,536,000 seconds, an hour, a minute and a second 3,661.
  @Test("minutes in UTC, and nothing for what no year of four digits has")
  func minute() {
    #expect(Clock.minute(0) == "1970-01-01 00:00")
    #expect(Clock.minute(31_536_000 + 3661.9) == "1971-01-01 01:01")
    for date in [-1, .nan, .infinity, 1e300] { #expect(Clock.minute(date) == nil) }
  }
}
