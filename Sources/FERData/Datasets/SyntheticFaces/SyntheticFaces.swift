import FERCore
import Foundation
import NeuralKit
import TensorKit

/// Faces drawn by the program, so that a fresh machine has something honest to train on.
///
/// Brows, eyes, mouth and pose follow the class's expression; people, light, background and camera differ from
/// picture to picture. Each picture is drawn when it is asked for, from the seed and its own number alone.
/// Different splits and different seeds show different people.
package struct SyntheticFaces: Dataset {
  package struct Options: ComponentOptions {
    @Option("How many images there are.", 1...10_000_000) package var count = 2000
    @Option("How many people they show.", 1...1_000_000) package var identities = 200
    @Option(
      "How many times as many images the first class has as the last; the others lie between.", 1...1000)
    package var imbalance = 1.0
    @Option("The share of labels replaced by another class at random.", 0...1) package var labelNoise = 0.0
    @Option("Changes everything that is random.", 0...) package var seed = 1
    @Option("Side of the square images, in pixels.", 16...1024) package var size = 64
    @Option("The split, such as train or validation: each shows people of its own.")
    package var split = "train"
    @Option("How strongly expressions show; below 1 they are harder to tell.", 0...2)
    package var expressiveness = 1.0
    @Option("How much pose, light and muscles differ from picture to picture.", 0...2)
    package var variation = 1.0

    package init() {}
  }

  private let options: Options

  package init(_ options: Options) { self.options = options }

  /// Settles who is shown with which expression; draws nothing yet.
  package func load(_ request: DataRequest) -> any LoadedDataset { faces(of: request.classes) }

  /// The same, with what only this dataset knows: the labels before noise.
  package func faces(of classes: [String]) -> LoadedSyntheticFaces {
    LoadedSyntheticFaces(options, classes: classes)
  }
}

/// Drawn faces whose classes and people are settled. Nothing is drawn before it is asked for.
package struct LoadedSyntheticFaces: LoadedDataset {
  /// Every image with its label and its person, in random order.
  package let samples: [Sample]
  /// What the pictures really show: the labels before noise.
  package let shownLabels: [Int]
  private let people: [Int]
  private let expressions: [FaceExpression]
  private let options: SyntheticFaces.Options

  init(_ options: SyntheticFaces.Options, classes: [String]) {
    self.options = options
    expressions = classes.map(FaceExpression.named)
    var random = Self.source(options, "samples")
    let counts = Self.counts(options.count, classes: classes.count, imbalance: options.imbalance)
    let shown = random.shuffled(counts.enumerated().flatMap { Array(repeating: $0, count: $1) })
    let people = shown.map { _ in random.below(options.identities) }
    // Noise has a source of its own, so that it changes labels and nothing else.
    var noise = Self.source(options, "labels")
    let labels = Self.noisy(shown, classes: classes.count, share: options.labelNoise, random: &noise)
    samples = labels.indices.map { index in
      Sample(
        id: "synthetic/\(options.split)/\(index)", label: labels[index],
        group: "synthetic/\(options.split)/person \(people[index])")
    }
    shownLabels = shown
    self.people = people
  }

  /// Draws one picture.
  /// - Throws: a ``DataProblem`` where there is none of that number.
  package func image(at index: Int) throws -> Image {
    guard samples.indices.contains(index) else {
      throw DataProblem(
        "synthetic/\(options.split)/\(index)", "does not exist; there are \(samples.count) images")
    }
    var person = Self.source(options, "person", UInt64(people[index]))
    var random = Self.source(options, "picture", UInt64(index))
    let variation = Float(options.variation)
    let identity = FaceIdentity(random: &person)
    let scene = FaceScene(variation: variation, random: &random)
    // Half a smile is still a smile, and harder to tell.
    let strength = Float(options.expressiveness) * (1 - 0.45 * min(1, variation) * random.uniform())
    var expression = expressions[shownLabels[index]].shown(
      strength: strength, variation: variation, random: &random)
    if random.chance(0.5) { expression.lopsided.negate() }
    let model = FaceModel(identity: identity, expression: expression, scene: scene)
    return FacePainter.picture(model, size: options.size, random: &random)
  }

  private static func source(_ options: SyntheticFaces.Options, _ stream: String, _ sample: UInt64 = 0)
    -> RandomSource
  { RandomSource(seed: UInt64(options.seed), stream: "synthetic \(options.split) \(stream)", sample: sample) }

  /// How many images each class has: falling evenly on a logarithmic scale from the first class to the last.
  /// Fractions go to the classes where they are largest, so that the sum is right.
  static func counts(_ total: Int, classes: Int, imbalance: Double) -> [Int] {
    guard classes > 0 else { return [] }
    let shares = (0..<classes).map { pow(imbalance, -Double($0) / Double(max(1, classes - 1))) }
    let exact = shares.map { $0 * Double(total) / shares.reduce(0, +) }
    var counts = exact.map { Int($0) }
    let byFraction = exact.indices.sorted { a, b in
      let (x, y) = (exact[a] - Double(counts[a]), exact[b] - Double(counts[b]))
      return x == y ? a < b : x > y
    }
    for index in byFraction.prefix(max(0, total - counts.reduce(0, +))) { counts[index] += 1 }
    return counts
  }

  /// Replaces the wanted share of the labels, each by one of the other classes.
  private static func noisy(_ labels: [Int], classes: Int, share: Double, random: inout RandomSource) -> [Int]
  {
    guard classes > 1 else { return labels }
    var result = labels
    let wanted = Int((share * Double(labels.count)).rounded())
    for index in random.shuffled(Array(labels.indices)).prefix(wanted) {
      result[index] = (labels[index] + 1 + random.below(classes - 1)) % classes
    }
    return result
  }
}
