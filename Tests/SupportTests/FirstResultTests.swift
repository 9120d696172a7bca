import Testing

@testable import Support

@Suite("The first result")
struct FirstResultTests {
  @Test("each is asked once, in order, and none behind the first that answers")
  func askedOnce() {
    var asked: [Int] = []
    let result = [3, 4, 5].firstResult { number -> String? in
      defer { asked.append(number) }
      // An answer that would be another one the second time.
      return number == 4 && !asked.contains(4) ? "four" : nil
    }
    #expect(result == "four")
    #expect(asked == [3, 4])
    #expect([1, 2].firstResult { _ in nil as Int? } == nil)
  }
}
