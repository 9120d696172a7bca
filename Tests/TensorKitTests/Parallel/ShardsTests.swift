import Testing

@testable import TensorKit

@Suite("Shards")
struct ShardsTests {
  private func cuts(_ shards: Shards) -> [[Int]] { shards.ranges.map { [$0.lowerBound, $0.upperBound] } }

  /// ⌊s n / S⌋ for n = 10, S = 4: 0, 2, 5, 7, 10.
  @Test("shard s of n images and S shards holds s n / S ..< (s + 1) n / S")
  func cut() {
    #expect(cuts(Shards(10, shards: 4)) == [[0, 2], [2, 5], [5, 7], [7, 10]])
    #expect(cuts(Shards(16)) == [[0, 4], [4, 8], [8, 12], [12, 16]])
    #expect(cuts(Shards(5, shards: 1)) == [[0, 5]])
  }

  /// Cuts of 3 images in 4: 0, 0, 1, 2, 3; of 2: 0, 0, 1, 1, 2.
  @Test("a shard without images is left out")
  func empty() {
    #expect(cuts(Shards(3, shards: 4)) == [[0, 1], [1, 2], [2, 3]])
    #expect(cuts(Shards(2, shards: 4)) == [[0, 1], [1, 2]])
    #expect(Shards(0, shards: 4).count == 0)
  }

  /// Of 11 images in 8 shards the cuts are 0, 1, 2, 4, 5, 6, 8, 9, 11; the second half starts at 5.
  @Test("a part holds its own shards, counted from its first image", arguments: [1, 2, 4, 8])
  func parts(count: Int) {
    let whole = Shards(11, shards: 8)
    let parts = (0..<count).map { Shards(11, shards: 8, part: $0, of: count, in: 0..<count) }
    let joined = parts.flatMap { part in
      part.ranges.map { [$0.lowerBound + part.images.lowerBound, $0.upperBound + part.images.lowerBound] }
    }
    #expect(joined == cuts(whole))
    #expect(parts.allSatisfy { $0.totalCount == 11 } && parts.last?.images.upperBound == 11)
    #expect(Shards(11, shards: 8, part: 1, of: 2).totalCount == 6)
  }

  /// The tree as it would be written down.
  private func written(_ shards: Shards) -> String {
    shards.sum({ "\($0)" }) { $0 = "(\($0)+\($1))" } ?? ""
  }

  @Test("shards are added pairwise, level by level, one without a partner going up as it is")
  func tree() {
    #expect(written(Shards(4, shards: 4)) == "((0+1)+(2+3))")
    #expect(written(Shards(8, shards: 8)) == "(((0+1)+(2+3))+((4+5)+(6+7)))")
    #expect(written(Shards(5, shards: 5)) == "(((0+1)+(2+3))+4)")
    #expect(written(Shards(6, shards: 6)) == "(((0+1)+(2+3))+(4+5))")
    #expect(written(Shards(7, shards: 7)) == "(((0+1)+(2+3))+((4+5)+6))")
    #expect(written(Shards(1, shards: 4)) == "0" && written(Shards(0, shards: 4)) == "")
  }

  /// The first of 4 shards of 3 images has none: what is left stays where it stands in the tree.
  @Test("the tree of a short batch keeps the places of its shards")
  func shortTree() {
    #expect(written(Shards(3, shards: 4)) == "(0+(1+2))")
    let halves = (0..<2).map { Shards(3, shards: 4, part: $0, of: 2) }
    #expect(halves.map(written) == ["0", "(0+1)"])
  }

  /// 1 of each level waits while the next pair is made: log2 S + 1 places for S = 2, 4, 8, 16.
  @Test("few sums wait at a time")
  func places() {
    for (level, count) in [1, 2, 4, 8, 16].enumerated() {
      let shards = Shards(count, shards: count)
      #expect(shards.placeCount == level + 1 && shards.places[0] == 0)
    }
  }

  /// 2^24 + 1 rounds to 2^24 in 32-bit floats, so that the order can be seen: (1 + 2^24) + (1 - 2^24) = 2^24 + (1 - 2^24)
  /// = 1, and one after another: ((1 + 2^24) + 1) - 2^24 = 0.
  @Test("sums over a batch follow the tree; of anything else they are exact blocks")
  func sums() {
    let big = Float(1 << 24)
    let column = Tensor([4, 1], [1, big, 1, -big]), batch = column.of(Shards(4))
    #expect(batch.sum().item == 1 && batch.sum(along: 0).item == 1)
    #expect(batch.folded.values == column.values)
    #expect(batch.columnSums(1).shape == [4, 1] && batch.columnSums(1).folded.values == [1])
    #expect(batch.summed(to: [1]).folded.values == [1])
  }

  @Test("marks are carried on by what is made, and dropped where the rows are no images any more")
  func marks() {
    let shards = Shards(4)
    let x = Tensor([4, 2, 3], (0..<24).map(Float.init)).of(shards), other = Tensor.ones([3])
    for made in [
      x + other, other * x, x.relu(), x.reshaped([8, 3]), x.permuted([0, 2, 1]), x.sum(along: 1), x.detached,
    ] {
      #expect(made.shards === shards)
    }
    for made in [
      x.sum(), x.sum(along: 0), x.permuted([1, 0, 2]), x.sliced(along: 0, from: 0, count: 4),
      x.maximum(along: 0),
      .concatenated([x, x], along: 0), other + 1, x.withoutBatch,
    ] {
      #expect(made.shards == nil)
    }
  }
}
