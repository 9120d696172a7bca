import Foundation
import TensorKit

/// A picture of many-dimensional points in the plane that keeps neighbours together: t-SNE.
///
///     qᵢⱼ = 1 / (1 + ‖yᵢ − yⱼ‖²),   Z = Σ qᵢⱼ over all ordered pairs
///     minimises KL = Σ pᵢⱼ ln(pᵢⱼ Z / qᵢⱼ),   ∂KL/∂yᵢ = 4 (Σⱼ pᵢⱼ qᵢⱼ (yᵢ − yⱼ) − 1/Z Σⱼ qᵢⱼ² (yᵢ − yⱼ))
///
/// p are ``Affinities`` of the points, and the second sum is taken over a ``QuadTree``. Each coordinate's rate adapts by its
/// own gain (Jacobs 1988). Sources: van der Maaten and Hinton 2008; van der Maaten 2014, JMLR 15; the start and the learning
/// rate as scikit-learn has them by default. The picture has no axes: only who lies near whom means something, not distances
/// between groups and not their sizes. Points that are not in it cannot be added afterwards: what belongs into one picture,
/// such as anchors beside embeddings, is laid out together.
///
///     let layout = TSNE().layout(of: Tensor.concatenated([embeddings, anchors], along: 0))   // [N + A, 2]
///
/// The same points, options and seed give the same bits for any number of threads. 2,000 points of 128 coordinates take
/// a few seconds.
package struct TSNE: Sendable {
  /// Points in the plane.
  package struct Layout: Sendable {
    /// `[N, 2]`, around 0.
    package let points: Tensor
    /// KL, in nats: what the picture could not keep; smaller is better. 0 for fewer than two points.
    package let divergence: Double
  }

  /// How many neighbours of a point count, about. Held to 1 ... (N − 1) / 3.
  package var perplexity = 30.0
  /// How large a box may look from a point to be taken for one point, its side over its distance; 0 takes every point by
  /// itself. Above 0.7 a point may push itself away.
  package var theta = 0.5
  /// How many steps there are.
  package var iterations = 1000
  /// By how much points attract each other more than they should at first, so that groups find together.
  package var exaggeration = 12.0
  /// For how many steps they do, with momentum 0.5; with 0.8 afterwards.
  package var exaggeratedIterations = 250
  /// The length of a step; nil for max(N / exaggeration / 4, 50).
  package var learningRate: Double?
  /// Chooses how the start, the first two principal components, is shaken by a hundredth of its size.
  package var seed: UInt64 = 0

  package init() {}

  /// Lays points out.
  /// - Parameter points: `[N, D]`.
  /// - Returns: nil where `points` is no such list, is empty or not finite.
  package func layout(of points: Tensor) -> Layout? { layout(of: points) { _ in } }

  /// Lays points out, which others may watch and end.
  /// - Parameter points: `[N, D]`.
  /// - Parameter tick: told how many steps are done; throws to stop.
  /// - Returns: nil where `points` is no such list, is empty or not finite.
  package func layout(of points: Tensor, tick: (Int) throws -> Void) rethrows -> Layout? {
    guard let scaled = ScaledPoints(points), let start = start(of: scaled) else { return nil }
    let count = scaled.count
    guard count > 1 else { return Layout(points: .zeros([count, 2]), divergence: 0) }
    let perplexity = max(1, min(self.perplexity, Double(count - 1) / 3))
    let neighbours = NearestNeighbours(of: scaled, count: min(count - 1, Int(3 * perplexity) + 1))
    var descent = Descent(Affinities(neighbours, perplexity: perplexity), from: start, theta: theta)
    let rate = learningRate ?? max(Double(count) / exaggeration / 4, 50)
    for step in 0..<max(0, iterations) {
      let isEarly = step < exaggeratedIterations
      descent.step(rate: rate, momentum: isEarly ? 0.5 : 0.8, exaggeration: isEarly ? exaggeration : 1)
      try tick(step + 1)
    }
    return Layout(points: descent.centred, divergence: descent.divergence())
  }

  /// The first two principal components, brought to a standard deviation of 1e-4 along the first, and shaken: points at one
  /// place would stay there, and points on a line would never leave it.
  private func start(of points: ScaledPoints) -> [Double]? {
    guard let components = LinearAlgebra.principalComponents(of: points.tensor, count: 2) else { return nil }
    let (values, width) = (components.projected.values, components.projected.shape[1])
    let first = (0..<points.count).map { Double(values[$0 * width]) }
    let mean = first.reduce(0, +) / Double(points.count)
    let variance = first.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(points.count)
    let scale = variance > 0 ? 1e-4 / variance.squareRoot() : 0
    var random = RandomSource(seed: seed, stream: "t-SNE")
    return (0..<2 * points.count).map { place in
      let (row, column) = (place / 2, place % 2)
      let value = column < width ? Double(values[row * width + column]) * scale : 0
      return value + 1e-6 * Double(random.normal())
    }
  }
}

/// The points on their way.
private struct Descent {
  private let affinities: Affinities
  private let squaredTheta: Double
  private let count: Int
  /// x, y after x, y; so are the others.
  private var points: [Double]
  private var velocities: [Double]
  private var gains: [Double]
  private var tree: QuadTree
  private var attractions: [Double]
  private var repulsions: [Double]
  /// Of each block of points.
  private var sums: [Double]

  /// The points of a piece of work.
  private static let blockSize = 64

  init(_ affinities: Affinities, from points: [Double], theta: Double) {
    self.affinities = affinities
    self.points = points
    squaredTheta = theta * theta
    count = points.count / 2
    velocities = [Double](repeating: 0, count: points.count)
    gains = [Double](repeating: 1, count: points.count)
    (attractions, repulsions) = (velocities, velocities)
    tree = QuadTree(count: count)
    sums = [Double](repeating: 0, count: (count + Self.blockSize - 1) / Self.blockSize)
  }

  /// Sets both forces on every point. Returns Z.
  private mutating func findForces() -> Double {
    tree.build(points)
    let (tree, affinities, points, squaredTheta) = (tree, affinities, points, squaredTheta)
    attractions.withUnsafeMutableBufferPointer { attractions in
      repulsions.withUnsafeMutableBufferPointer { repulsions in
        sums.withUnsafeMutableBufferPointer { sums in
          Parallel.forEachBlock(of: count, size: Self.blockSize) { block in
            var sum = 0.0
            for point in block {
              let (x, y) = (points[2 * point], points[2 * point + 1])
              let push = tree.repulsion(of: point, x: x, y: y, squaredTheta: squaredTheta)
              (repulsions[2 * point], repulsions[2 * point + 1]) = (push.x, push.y)
              sum += push.sum
              var (pullX, pullY) = (0.0, 0.0)
              for place in affinities.starts[point]..<affinities.starts[point + 1] {
                let other = affinities.columns[place]
                let (gapX, gapY) = (x - points[2 * other], y - points[2 * other + 1])
                let pull = affinities.values[place] / (1 + gapX * gapX + gapY * gapY)
                pullX += pull * gapX
                pullY += pull * gapY
              }
              (attractions[2 * point], attractions[2 * point + 1]) = (pullX, pullY)
            }
            sums[block.lowerBound / Self.blockSize] = sum
          }
        }
      }
    }
    return sums.reduce(0, +)
  }

  mutating func step(rate: Double, momentum: Double, exaggeration: Double) {
    let total = findForces()
    for place in points.indices {
      let slope = 4 * (exaggeration * attractions[place] - repulsions[place] / total)
      gains[place] = max(0.01, velocities[place] * slope < 0 ? gains[place] + 0.2 : gains[place] * 0.8)
      velocities[place] = momentum * velocities[place] - rate * gains[place] * slope
      points[place] += velocities[place]
    }
  }

  /// KL.
  mutating func divergence() -> Double {
    let logarithm = log(findForces())
    var sum = 0.0
    for point in 0..<count {
      for place in affinities.starts[point]..<affinities.starts[point + 1] where affinities.values[place] > 0
      {
        let other = affinities.columns[place]
        let (gapX, gapY) = (
          points[2 * point] - points[2 * other], points[2 * point + 1] - points[2 * other + 1]
        )
        let nearness = -log1p(gapX * gapX + gapY * gapY)
        sum += affinities.values[place] * (log(affinities.values[place]) + logarithm - nearness)
      }
    }
    return sum
  }

  /// The points around their mean, `[N, 2]`.
  var centred: Tensor {
    let means = (0..<2).map { axis in
      stride(from: axis, to: points.count, by: 2).reduce(0) { $0 + points[$1] } / Double(count)
    }
    return Tensor([count, 2], points.enumerated().map { Float($1 - means[$0 % 2]) })
  }
}
