import TensorKit
import TestSupport
import Testing

@testable import FERTools

/// What scikit-learn says: `Tests/Fixtures/Statistics/make.py`.
private struct PointFixture: Decodable {
  struct Scores: Decodable {
    let daviesBouldin: Double
    let calinskiHarabasz: Double
    let trustworthiness5: Double
    let trustworthiness12: Double
  }
  struct Offset: Decodable {
    let neighbours: [[Int]]
    let squaredDistances: [[Double]]
    let shares: [[Double]]
  }
  let sets: [String: Scores]
  let offset: Offset
}

@Suite("Points: clusters, neighbours, trustworthiness")
struct PointTests {
  private struct Sets: Decodable { let sets: [String: SeededClusters] }

  private func seeded(_ name: String) throws -> SeededClusters {
    try #require(try statisticsFixture("points", as: Sets.self).sets[name])
  }

  @Test("cluster scores and trustworthiness are those of scikit-learn", arguments: ["near", "far"])
  func peers(name: String) throws {
    let expected = try #require(try statisticsFixture("points", as: PointFixture.self).sets[name])
    let clusters = try seeded(name)
    let points = clusters.points(name)
    let scores = try #require(ClusterScores(points, labels: clusters.labels))
    #expect(isClose(scores.daviesBouldin, expected.daviesBouldin))
    #expect(isClose(scores.calinskiHarabasz, expected.calinskiHarabasz))
    let views = [0, 2].map { points.sliced(along: 1, from: $0, count: 2) }
    #expect(isClose(Trustworthiness.of(views[0], for: points, neighbours: 5), expected.trustworthiness5))
    #expect(isClose(Trustworthiness.of(views[1], for: points), expected.trustworthiness12))
    // A point without a class counts for nothing.
    let longer = Tensor.concatenated([points, Tensor.full([1, points.shape[1]], 9)], along: 0)
    #expect(ClusterScores(longer, labels: clusters.labels + [nil]) == scores)
  }

  /// Classes {0, 2} and {10, 12}: centroids 1 and 11, mean distances 1: DB = 2 / 10. Between 4 · 25, within 4 · 1:
  /// CH = 100 / 4 · (4 − 2) / 1 = 50.
  @Test("cluster scores by hand, and where there are none")
  func clusterScores() throws {
    let line = { (values: [Float]) in Tensor([values.count, 1], values) }
    let scores = try #require(ClusterScores(line([0, 10, 2, 12]), labels: [3, 7, 3, 7]))
    #expect(scores.daviesBouldin == 0.2 && scores.calinskiHarabasz == 50)
    // As scikit-learn: classes that are points, centroids that are one.
    let tight = try #require(ClusterScores(line([1, 1, 2, 2]), labels: [0, 0, 1, 1]))
    #expect(tight.daviesBouldin == 0 && tight.calinskiHarabasz == 1)
    let same = try #require(ClusterScores(line([0, 2, 0, 2]), labels: [0, 0, 1, 1]))
    #expect(same.daviesBouldin == 0 && same.calinskiHarabasz == 0)
    #expect(ClusterScores(line([0, 1, 2]), labels: [0, 0, 0]) == nil)
    #expect(ClusterScores(line([0, 1, 2]), labels: [0, 1, 2]) == nil)
    #expect(ClusterScores(line([0, .nan, 2]), labels: [0, 0, 1]) == nil)
    #expect(ClusterScores(line([0, 1, 2]), labels: [0, 1]) == nil)
    #expect(ClusterScores(.zeros([0, 3]), labels: []) == nil)
    #expect(ClusterScores(line([0, 1]), labels: [nil, nil]) == nil)
  }

  @Test("neighbours and affinities are those of scikit-learn, also of points far from the origin")
  func neighbours() throws {
    let expected = try statisticsFixture("points", as: PointFixture.self).offset
    let scaled = try #require(ScaledPoints(try seeded("near").points("near") + 1000))
    let found = NearestNeighbours(of: scaled, count: 16)
    #expect(found.indices == expected.neighbours.flatMap { $0 })
    let unit = scaled.scale * scaled.scale
    for (distance, wanted) in zip(found.squaredDistances, expected.squaredDistances.joined()) {
      #expect(isClose(distance * unit, wanted))
    }
    let affinities = Affinities(found, perplexity: 5)
    #expect(isClose(affinities.values.reduce(0, +), 1, within: 1e-12))
    for (row, shares) in expected.shares.enumerated() {
      var own = [Double](repeating: 0, count: 60)
      for place in affinities.starts[row]..<affinities.starts[row + 1] {
        own[affinities.columns[place]] = affinities.values[place]
      }
      // Both searches end up to 1e-5 away from the entropy.
      for (share, wanted) in zip(own, shares) {
        #expect(abs(share - wanted) <= 1e-3 * wanted, "\(share), \(wanted)")
      }
    }
  }

  @Test("of equally near points the first are neighbours, equal shares belong to them")
  func equalPoints() throws {
    let scaled = try #require(ScaledPoints(.ones([5, 3])))
    #expect(scaled.scale == 0)
    let found = NearestNeighbours(of: scaled, count: 2)
    #expect(found.indices == [1, 2, 0, 2, 0, 1, 0, 1, 0, 1])
    #expect(found.squaredDistances.allSatisfy { $0 == 0 })
    #expect(Affinities.shares(of: [7, 7, 7, 7], perplexity: 2) == [0.25, 0.25, 0.25, 0.25])
    // Two neighbours count: shares p and 1 - p of entropy ln 2 / 2 have p = 0.889972; a third is far.
    let shares = Affinities.shares(of: [0, 1, 1e6], perplexity: 2.0.squareRoot())
    #expect(abs(shares[0] - 0.889972) < 1e-4 && abs(shares[1] - 0.110028) < 1e-4 && shares[2] == 0)
  }

  @Test("trustworthiness has limits")
  func trustworthiness() {
    let points = Tensor([10, 2], uniform("statistics.trust", 20))
    #expect(Trustworthiness.of(points, for: points, neighbours: 4) == 1)
    #expect(Trustworthiness.of(points, for: points, neighbours: 5) == nil)
    #expect(Trustworthiness.of(points, for: points, neighbours: 0) == nil)
    #expect(Trustworthiness.of(.zeros([9, 2]), for: points, neighbours: 2) == nil)
    #expect(Trustworthiness.of(.full([10, 2], .nan), for: points, neighbours: 2) == nil)
  }
}
