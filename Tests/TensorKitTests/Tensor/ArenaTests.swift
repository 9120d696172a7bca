import Testing

@testable import TensorKit

@Suite("Memory for tensors")
struct ArenaTests {
  private let page = 4096

  private func take(_ bytes: Int, from arena: inout Arena) throws -> UInt {
    let found = arena.take(bytes)
    return try #require(found)
  }

  @Test("what is given back is cut anew, and neighbours become one")
  func joined() throws {
    var arena = Arena()
    let blocks = try (0..<4).map { _ in try take(page, from: &arena) }
    #expect(blocks == (0..<4).map { blocks[0] + UInt($0 * page) })
    for place in [1, 3, 2] { arena.giveBack(blocks[place], page) }
    try #expect(take(3 * page, from: &arena) == blocks[1])
    arena.giveBack(blocks[0], page)
    try #expect(take(page, from: &arena) == blocks[0])
  }

  @Test("the smallest block that is large enough is cut")
  func bestFit() throws {
    var arena = Arena()
    let sizes = [3, 1, 2, 1, 5, 1]
    let blocks = try sizes.map { try take($0 * page, from: &arena) }
    for place in [0, 2, 4] { arena.giveBack(blocks[place], sizes[place] * page) }
    try #expect(take(2 * page, from: &arena) == blocks[2])
    try #expect(take(4 * page, from: &arena) == blocks[4])
    try #expect(take(page, from: &arena) == blocks[4] + UInt(4 * page))
  }

  @Test("a free block before fresh memory grows into it")
  func grown() throws {
    var arena = Arena()
    let first = try take(2 * page, from: &arena)
    arena.giveBack(first, 2 * page)
    try #expect(take(5 * page, from: &arena) == first)
  }

  @Test("blocks larger than a stretch of address space, and no two at one place")
  func large() throws {
    var arena = Arena()
    let first = try take(1 << 29, from: &arena), second = try take(page, from: &arena)
    #expect(second >= first + (1 << 29) || second + UInt(page) <= first)
  }
}
