import TensorKit
import Testing

@Suite("Random source")
struct RandomSourceTests {
  @Test("each part of the key matters, and the same key gives the same numbers")
  func keys() {
    let keys: [RandomSource] = [
      .init(seed: 1, stream: "a"), .init(seed: 2, stream: "a"), .init(seed: 1, stream: "b"),
      .init(seed: 1, stream: "a", epoch: 1), .init(seed: 1, stream: "a", sample: 1),
      .init(seed: 1, stream: "a").split("x"), .init(seed: 1, stream: "a").split("y"),
    ]
    func first(_ source: RandomSource) -> UInt64 { var copy = source; return copy.next() }
    #expect(Set(keys.map(first)).count == keys.count)
    #expect(first(.init(seed: 1, stream: "a")) == first(keys[0]))
  }

  @Test("uniform numbers fill 0 ..< 1 evenly, normal ones have mean 0 and variance 1")
  func moments() {
    var source = RandomSource(seed: 3, stream: "moments")
    let n = 100_000
    let uniform = (0..<n).map { _ in source.uniform() }
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    // The standard error of the mean is 0.29 / √n = 0.0009.
    #expect(abs(uniform.reduce(0) { $0 + Double($1) } / Double(n) - 0.5) < 0.005)
    let normal = (0..<n).map { _ in Double(source.normal()) }
    #expect(abs(normal.reduce(0, +) / Double(n)) < 0.015)
    #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / Double(n) - 1) < 0.025)
  }

  @Test("a shuffle keeps the elements; below(n) reaches every number")
  func shuffle() {
    var source = RandomSource(seed: 4, stream: "shuffle")
    let shuffled = source.shuffled(Array(0..<100))
    #expect(shuffled.sorted() == Array(0..<100) && shuffled != Array(0..<100))
    #expect(Set((0..<200).map { _ in source.below(5) }) == [0, 1, 2, 3, 4])
    #expect(source.below(0) == 0 && source.below(1) == 0)
  }

  @Test("advancing by n draws ends where n calls of next end", arguments: [0, 1, 2, 1_000])
  func advancing(by draws: Int) {
    let source = RandomSource(seed: 7, stream: "dropout")
    var called = source
    for _ in 0..<draws { _ = called.next() }
    var advanced = source.advanced(by: draws)
    #expect(advanced.next() == called.next())
  }

  @Test("uniform and below move by one draw, normal by two")
  func drawsOfEachKind() {
    let source = RandomSource(seed: 7, stream: "dropout")
    var (uniform, below, normal) = (source, source, source)
    _ = (uniform.uniform(), below.below(10), normal.normal())
    var (one, two) = (source.advanced(by: 1), source.advanced(by: 1).advanced(by: 1))
    let (first, second) = (one.next(), two.next())
    #expect(uniform.next() == first)
    #expect(below.next() == first)
    #expect(normal.next() == second)
  }
}
