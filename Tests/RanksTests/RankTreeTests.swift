import TensorKit
import Testing

@testable import Ranks

@Suite("Ranks")
struct RankTreeTests {
  /// By hand: 1e8 + 1 is 1e8 in 32 bits, so (1e8 + 1) + (-1e8 + 1) = 0 + ... where the pairs are (0, 1) and (2, 3):
  /// 1e8 + (-1e8 + 1 = -1e8) = 0; in the order of the ranks it would be ((1e8 + 1) - 1e8) + 1 = 1.
  @Test("four are added as two pairs, three as a pair and one")
  func order() {
    func sum(_ parts: [Float]) -> Float {
      var rows = parts
      rows.withUnsafeMutableBufferPointer {
        guard let start = $0.baseAddress else { return }
        RankTree.sum(start, parts: parts.count, count: 1)
      }
      return rows[0]
    }
    #expect(sum([1e8, 1, -1e8, 1]) == 0)
    #expect(sum([1e8, -1e8, 1, 1]) == 2)
    #expect(sum([1e8, 1, -1e8]) == 0)
    #expect(sum([1, 1e8, -1e8, 1, 0.5]) == 0.5)
    #expect(sum([3]) == 3)
  }

  @Test("rows are added place by place")
  func rows() {
    var rows: [Float] = [1, 2, 10, 20, 100, 200, 1000, 2000]
    rows.withUnsafeMutableBufferPointer { RankTree.sum($0.baseAddress!, parts: 4, count: 2) }
    #expect(rows.prefix(2) == [1111, 2222])
  }
}
