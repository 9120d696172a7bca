import Foundation
import TensorKit
import TestSupport
import Testing

@testable import FERTools

/// What scikit-learn's TSNE makes of some points, `Tests/Fixtures/Statistics/make.py`; or what the points are.
private struct Layouts<Content: Decodable>: Decodable {
  let faces: Content
  let noise: Content
  let embeddings: Content

  subscript(name: String) -> Content {
    switch name {
    case "faces": faces
    case "noise": noise
    default: embeddings
    }
  }
}

private struct PeerLayout: Decodable {
  let trustworthiness: Double
  let divergence: Double
}

@Suite("t-SNE")
struct TSNETests {
  /// The embeddings are 2,000 points of 128 coordinates, the others 500 of 32.
  @Test("a picture is to be trusted as far as scikit-learn's", arguments: ["faces", "noise", "embeddings"])
  func peer(name: String) throws {
    let expected = try statisticsFixture("layouts", as: Layouts<PeerLayout>.self)[name]
    let points = try statisticsFixture("layouts", as: Layouts<SeededClusters>.self)[name].points(name)
    let layout = try #require(TSNE().layout(of: points))
    let trust = try #require(Trustworthiness.of(layout.points, for: points))
    #expect(abs(trust - expected.trustworthiness) < 0.02, "\(trust), \(expected.trustworthiness)")
    #expect(layout.divergence < 1.1 * expected.divergence, "\(layout.divergence), \(expected.divergence)")
    #expect(layout.points.mean(along: 0).values.allSatisfy { abs($0) < 1e-4 })
  }

  @Test("the same bits for any number of threads; another seed, another picture")
  func threads() throws {
    let points = SeededClusters(count: 200, width: 8, classCount: 3, latent: 2, noise: 0.2).points("threads")
    var tsne = TSNE()
    tsne.iterations = 60
    let pictures = withThreadCountToItself {
      [1, 2, 5].map { threads in
        Parallel.threadCount = threads
        return tsne.layout(of: points)
      }
    }
    let first = try #require(pictures[0])
    #expect(first.points.isFinite)
    for other in pictures {
      #expect(other?.points.values == first.points.values && other?.divergence == first.divergence)
    }
    tsne.seed = 1
    let another = try #require(tsne.layout(of: points))
    #expect(another.points.values != first.points.values)
  }

  /// Three points of which two are one: forces by hand. From (0, 0): two at (3, 4), q = 1 / 26, Z share 2 / 26, push
  /// 2 q² (-3, -4). From (3, 4): its twin q = 1 without a push, the other q = 1 / 26.
  @Test("the tree's forces on equal points, by hand")
  func twins() {
    var tree = QuadTree(count: 3)
    tree.build([3, 4, 0, 0, 3, 4])
    let q = 1.0 / 26
    let far = tree.repulsion(of: 1, x: 0, y: 0, squaredTheta: 0.25)
    #expect(isClose(far.sum, 2 * q, within: 1e-14) && isClose(far.x, -6 * q * q, within: 1e-14))
    #expect(isClose(far.y, -8 * q * q, within: 1e-14))
    for twin in [0, 2] {
      let near = tree.repulsion(of: twin, x: 3, y: 4, squaredTheta: 0.25)
      #expect(isClose(near.sum, 1 + q, within: 1e-14) && isClose(near.x, 3 * q * q, within: 1e-14))
    }
  }

  /// The sums over all points, in a plain loop.
  @Test("the tree's forces are exact for theta 0, and near for 0.5")
  func forces() {
    let points = uniform("statistics.tree", 600).map { 20 * Double($0) * Double($0) }
    var tree = QuadTree(count: 300)
    tree.build(points)
    for point in 0..<300 {
      let (x, y) = (points[2 * point], points[2 * point + 1])
      var (sum, pushX, pushY) = (0.0, 0.0, 0.0)
      for other in 0..<300 where other != point {
        let (gapX, gapY) = (x - points[2 * other], y - points[2 * other + 1])
        let q = 1 / (1 + gapX * gapX + gapY * gapY)
        (sum, pushX, pushY) = (sum + q, pushX + q * q * gapX, pushY + q * q * gapY)
      }
      let exact = tree.repulsion(of: point, x: x, y: y, squaredTheta: 0)
      #expect(isClose(exact.sum, sum, within: 1e-12))
      #expect(isClose(exact.x, pushX, within: 1e-12) && isClose(exact.y, pushY, within: 1e-12))
      let near = tree.repulsion(of: point, x: x, y: y, squaredTheta: 0.25)
      #expect(abs(near.sum / sum - 1) < 0.05, "\(near.sum), \(sum)")
    }
  }

  @Test("few points, equal points and points on a line have pictures; what is not finite has none")
  func degenerate() throws {
    var tsne = TSNE()
    tsne.iterations = 300
    #expect(tsne.layout(of: .ones([1, 4]))?.points.values == [0, 0])
    for points in [
      Tensor.ones([40, 3]), .zeros([2, 2]), Tensor([3, 1], [1, 2, 4]), .full([5, 2], 1e30),
      Tensor([50, 1], (0..<50).map(Float.init)), Tensor([6, 2], uniform("statistics.large", 12)) * 1e30,
    ] {
      let layout = try #require(tsne.layout(of: points))
      #expect(layout.points.shape == [points.shape[0], 2] && layout.points.isFinite, "\(points.shape)")
      #expect(layout.divergence.isFinite)
      #expect(Set(layout.points.values).count > 2, "\(points.shape) fell together")
    }
    #expect(tsne.layout(of: .full([3, 3], .nan)) == nil)
    #expect(tsne.layout(of: .full([3, 3], .infinity)) == nil)
    #expect(tsne.layout(of: .zeros([0, 3])) == nil)
    #expect(tsne.layout(of: .zeros([3])) == nil)
  }

  @Test("odd options trap nothing, and the caller can stop it")
  func options() throws {
    let points = SeededClusters(count: 40, width: 4, classCount: 3, latent: 2, noise: 0.2).points("options")
    var tsne = TSNE()
    (tsne.perplexity, tsne.theta, tsne.iterations) = (1000, 0, 20)
    #expect(tsne.layout(of: points)?.points.isFinite == true)
    tsne.perplexity = -1
    #expect(tsne.layout(of: points)?.points.isFinite == true)
    tsne.iterations = -5
    #expect(tsne.layout(of: points)?.points.isFinite == true)
    struct Enough: Error {}
    tsne.iterations = 20
    var steps = 0
    #expect(throws: Enough.self) {
      _ = try tsne.layout(of: points) {
        steps = $0
        if $0 == 7 { throw Enough() }
      }
    }
    #expect(steps == 7)
  }
}
