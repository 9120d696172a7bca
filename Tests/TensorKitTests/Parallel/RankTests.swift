import TestSupport
import Testing

@testable import TensorKit

/// The whole batch on one process against parts of it on several, ranks being threads.
@Suite("A batch on several ranks")
struct RankTests {
  private func expectEqual(_ found: [Float], _ expected: [Float], _ tolerance: Double, _ what: String) {
    // Not promised of OpenBLAS, whose products are not the same for any number of rows.
    if BLAS.hasOwnProduct {
      let same =
        found.count == expected.count && zip(found, expected).allSatisfy { $0.bitPattern == $1.bitPattern }
      #expect(same, "\(what): relative difference \(relativeNorm(found, expected))")
    } else {
      #expect(relativeNorm(found, expected) <= tolerance, "\(what)")
    }
  }

  private func expectEqual(
    _ found: RankCase.Found, _ expected: RankCase.Found, _ kind: RankCase, _ what: String
  ) {
    // Winograd's transforms let a difference of rounding grow to their own error.
    let tolerance = kind.name.contains("Winograd") ? 4e-6 : 1e-6
    let names =
      ["output", "input's gradient"]
      + expected.parameterGradients.indices.map { "gradient of parameter \($0)" }
    for (name, pair) in zip(names, zip(found.numbers, expected.numbers)) {
      expectEqual(pair.0, pair.1, tolerance, "\(name), \(what)")
    }
  }

  @Test("16 images on 1, 2 and 4 ranks have the same bits", arguments: RankCase.all)
  func sixteen(kind: RankCase) throws {
    let whole = try kind.found(on: 1, images: 16)
    #expect(whole.parameterGradients.allSatisfy { $0.contains { $0 != 0 } })
    for ranks in [2, 4] { expectEqual(try kind.found(on: ranks, images: 16), whole, kind, "\(ranks) ranks") }
  }

  @Test("so have 11, in shards of 2 and 3", arguments: RankCase.all)
  func eleven(kind: RankCase) throws {
    let whole = try kind.found(on: 1, images: 11)
    for ranks in [2, 4] { expectEqual(try kind.found(on: ranks, images: 11), whole, kind, "\(ranks) ranks") }
  }

  @Test("3 images in 4 shards, one without any, on 1 and 2 ranks", arguments: RankCase.all)
  func three(kind: RankCase) throws {
    expectEqual(try kind.found(on: 2, images: 3), try kind.found(on: 1, images: 3), kind, "2 ranks")
  }

  /// One shard is the batch as a whole, summed without a tree; so is a tensor that is marked as none.
  @Test("the number of shards changes rounding only", arguments: RankCase.all)
  func otherShards(kind: RankCase) throws {
    let whole = try kind.found(on: 1, images: 16, shards: 1)
    for shards in [3, 4, 16] {
      let found = try kind.found(on: 1, images: 16, shards: shards)
      for (place, pair) in zip(found.numbers, whole.numbers).enumerated() {
        #expect(relativeNorm(pair.0, pair.1) <= 5e-6, "\(shards) shards, \(place)")
      }
    }
  }

  @Test("a rank that is lost is told where it is asked for, and nothing ends before")
  func lost() throws {
    #expect(throws: CollectiveFault.self) {
      _ = try ThreadRanks.run(2) { collective in
        if collective.rank == 1 { throw CollectiveFault("rank 1 has had enough") }
        let shards = Shards(4, part: 0, of: 2, in: 0..<2, over: collective)
        let x = Tensor.ones([2, 3]).of(shards)
        let norm = BatchNormalization(over: x, scale: .ones([3]), offset: .zeros([3]), epsilon: 1)
        #expect(x.normalized(by: norm).shape == [2, 3] && shards.fault != nil)
      }
    }
  }
}
