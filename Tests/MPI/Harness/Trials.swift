import Foundation
import Support
import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// Every operation of a ``Collective``, checked against what one process works out for itself.
struct Trials {
  private let ranks: any Collective

  init(_ ranks: any Collective) { self.ranks = ranks }

  func all() throws {
    for count in [0, 1, 2, 7, 2048, 2049, 1 << 20, 1 << 20 + 1, 3_000_001] { try sums(of: count) }
    for round in 0..<20 {
      // Whoever comes late must change nothing.
      var random = RandomSource(seed: UInt64(round), stream: "delays", sample: UInt64(ranks.rank))
      usleep(UInt32(random.below(3000)))
      try sums(of: 5000 + round)
    }
    try rows()
    try bytes()
    try decisions()
    try ranks.barrier()
  }

  /// Numbers of very different sizes, for which the order of additions matters; a thousand and nine that come again.
  private func numbers(of rank: Int) -> [Float] {
    var random = RandomSource(seed: 7, stream: "numbers", sample: UInt64(rank))
    return (0..<1009).map { _ in random.normal() * Float(1 << random.below(20)) }
  }

  private func repeated(_ block: [Float], _ count: Int) -> [Float] {
    var all: [Float] = []
    while all.count < count { all += block.prefix(count - all.count) }
    return all
  }

  private func sums(of count: Int) throws {
    // The tree by halves: the sum over ranks first ..< end, cut where the largest power of two below their number is.
    func sum(_ parts: ArraySlice<[Float]>) -> [Float] {
      guard parts.count > 1 else { return parts.first ?? [] }
      var half = 1
      while 2 * half < parts.count { half *= 2 }
      let middle = parts.startIndex + half
      return zip(sum(parts[..<middle]), sum(parts[middle...])).map { $0 + $1 }
    }
    let parts = (0..<ranks.size).map(numbers)
    var found = repeated(parts[ranks.rank], count)
    try found.withUnsafeMutableBufferPointer { try ranks.sum($0) }
    try require(isSame(found, repeated(sum(parts[...]), count)), "a sum of \(count) numbers")
  }

  private func isSame(_ one: [Float], _ other: [Float]) -> Bool {
    one.count == other.count
      && one.withUnsafeBytes { one in
        other.withUnsafeBytes { one.isEmpty || memcmp(one.baseAddress!, $0.baseAddress!, one.count) == 0 }
      }
  }

  private func rows() throws {
    for each in [0, 1, 1000, 700_000] {
      let rows = { (rank: Int) in repeated(numbers(of: rank), rank * each) }
      let found = try ranks.gathered(rows(ranks.rank))
      let isRight = found.count == ranks.size && found.indices.allSatisfy { isSame(found[$0], rows($0)) }
      try require(isRight, "gathered rows, \(each) a rank")
    }
  }

  private func bytes() throws {
    for count in [0, 1, 3, 4, 5, 1 << 16 + 3] {
      let text = { (rank: Int) in (0..<count + rank).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ rank) } }
      try require(try ranks.broadcast(text(ranks.rank)) == text(0), "\(count) bytes handed out")
      try require(
        try ranks.gathered(bytes: text(ranks.rank)) == (0..<ranks.size).map(text), "\(count) bytes gathered")
    }
  }

  private func decisions() throws {
    let texts = ["", "grün", "\u{1F600}\n"]
    let own = Array(texts.prefix(ranks.rank % 4))
    try require(
      try ranks.gathered(values: own) == (0..<ranks.size).map { Array(texts.prefix($0 % 4)) },
      "gathered texts")
    var hasDecided = false
    let word = try ranks.decided {
      hasDecided = true
      return "rank \(ranks.rank)"
    }
    try require(word == "rank 0" && hasDecided == (ranks.rank == 0), "a decision of rank 0: \(word)")
  }

  private func require(_ holds: Bool, _ what: String) throws {
    if !holds { throw Wrong(description: what) }
  }
}
