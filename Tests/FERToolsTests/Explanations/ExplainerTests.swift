import ARBEx
import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import FERTools
@testable import FERTraining

@Suite("Explaining an answer")
struct ExplainerTests {
  private let image = Tensor([1, 8, 8, 3], uniform("image", 192))

  /// The tiny model: maps [8, 8, 6], their mean is the embedding, the head is linear.
  private func model(_ overrides: String...) throws -> ExpressionModel {
    try Workshop(overrides, plugins: [TwoLevelPlugin.self]).recipe.buildModel()
  }

  /// Two channels of two places: gradients (1, 3) and (-2, -4) have the means 2 and -3, so L = 2 · (1, 5) - 3 · (4, 1).
  @Test("the weighted sum, by paper and pencil")
  func weightedSum() {
    let map = Tensor([1, 1, 2, 2], [1, 4, 5, 1])
    let gradient = Tensor([1, 1, 2, 2], [1, -2, 3, -4])
    expectClose(GradCAM.weightedSum(of: map, gradient: gradient), Tensor([1, 1, 2], [-10, 7]))
  }

  /// The head's score of a class is b + Σ_k w_k · mean(A_k), so every gradient of A_k is w_k / Z, and so is its mean.
  private func linearMap(_ maps: Tensor, _ weights: Tensor, _ label: Int) -> [Float] {
    let (places, channels) = (maps.shape[1] * maps.shape[2], maps.shape[3])
    let (values, own) = (maps.values, weights.values[label * channels..<(label + 1) * channels])
    return (0..<places).map { place in
      let row = values[place * channels..<(place + 1) * channels]
      return max(0, zip(row, own).reduce(0) { $0 + $1.0 * $1.1 } / Float(places))
    }
  }

  @Test(
    "a linear model over one map: weights over area; a frozen backbone has the same map",
    arguments: [false, true])
  func linear(isFrozen: Bool) throws {
    let model = try model("model.backbone.frozen=\(isFrozen)")
    let witness = PassWitness()
    _ = try model(image, .evaluation.seen(by: witness))
    let weights = try #require(model.store["head.out.weight"]).value
    for label in 0..<3 {
      let found = try Explainer(model, subject: .primary).explain(image, id: "face", label: label)
      let expected = linearMap(witness.runs[0].levels[0], weights, label)
      let map = try #require(found.levels.first?.activation)
      expectClose(Tensor([64], map.numbers), Tensor([64], expected), absolute: 1e-7)
      #expect(found.levels.count == 1 && map.views.count == 1 && map.size == (8, 8))
      let logits = try model(image, .evaluation).logits
      #expect(found.score == logits.values[label] && found.label == label && found.subject == .primary)
    }
  }

  /// A term's part in the balanced distribution reaches the map: the two maps are no multiples of one another.
  @Test(
    "the balanced distribution is explained by the logarithm of its probability; its first class where none is asked for"
  )
  func final() throws {
    let model = try model()
    let found = try Explainer(model).explain(image, id: "face")
    let outcome = try model(image, .evaluation)
    #expect(found.label == outcome.final.values.firstMaximum && found.subject == .final)
    #expect(abs(found.score - Float.log(outcome.final.values[found.label])) < 1e-6)
    #expect(found.row == outcome.evaluated(ids: ["face"])[0])
    let other = try Explainer(model, subject: .primary).explain(image, id: "face", label: found.label)
    let maps = try [found, other].map { try #require($0.levels[0].activation).numbers }
    let ratios = zip(maps[0], maps[1]).filter { $1 > 1e-4 }.map { $0 / $1 }
    #expect(try #require(ratios.max()) > 1.01 * #require(ratios.min()))
    // Without terms both are one.
    let plain = try self.model("model.corrections=null")
    #expect(try Explainer(plain).explain(image, id: "face").subject == .primary)
  }

  /// The second level is the mean over 2x2 places of the first. What reads the first alone has no gradient of the second;
  /// what reads the second has one of both, and the mean of a mean is the mean.
  @Test("a level that is not read has no map, and one that is read through a later one has")
  func levels() throws {
    for reads in [0, 1] {
      let model = try model(
        #"model.backbone={use:"two-levels"}"#, #"model.encoder={use:"reads-one", level:\#(reads)}"#)
      let found = try Explainer(model, subject: .primary).explain(image, id: "face", label: 1)
      #expect(found.levels.map(\.number) == [1, 2])
      let weights = try #require(model.store["head.out.weight"]).value
      let maps = TwoLevels.maps(of: image)
      for level in 0...reads {
        let map = try #require(found.levels[level].activation)
        expectClose(
          Tensor([map.numbers.count], map.numbers),
          Tensor([map.numbers.count], linearMap(maps[level], weights, 1)), absolute: 1e-7)
      }
      if reads == 0 {
        #expect(found.levels[1].activation == nil)
        let told = found.object(classes: model.classes, termNames: ["tiny"]).text
        #expect(
          told.contains(
            #"{"level": 2, "problem": "no gradient reaches this level: the score does not depend on it"}"#))
        #expect(
          found.text(classes: model.classes, termNames: ["tiny"]).contains(
            "no gradient reaches level 2 (4x4x3)"))
      }
    }
  }

  /// An image and its mirror image are asked the same, so that the map of one is the mirrored map of the other.
  @Test("with test-time flip the mirror image's map is turned back")
  func flip() throws {
    let model = try model("model.testTimeFlip=true")
    let found = try [image, TestTimeFlipCopy.mirrored(image)].map {
      try #require(try Explainer(model).explain($0, id: "", label: 2).levels[0].activation)
    }
    let mirrored = found[1].views[0].map { Array($0.reversed()) }
    expectClose(
      Tensor([64], mirrored.flatMap { $0 }), Tensor([64], found[0].numbers), absolute: 1e-6)
    #expect(found[0].numbers.contains { $0 > 0 })
  }

  @Test("who looks on changes no number, and whoever does not look sees no attention")
  func unchanged() throws {
    let recipe = try Recipe.shipped("fer2013", registry: try Registry.builtins())
    let model = try recipe.buildModel()
    let faces = Tensor([2, 48, 48, 3], uniform("faces", 2 * 48 * 48 * 3))
    let witness = PassWitness()
    let plain = try model(faces, .evaluation)
    let seen = try model(faces, .evaluation.seen(by: witness))
    #expect(plain.final.values == seen.final.values && plain.embedding.values == seen.embedding.values)
    #expect(plain.evidence.keys == seen.evidence.keys)
    // Two runs, of the images and of their mirror images; three levels with an attention each, 1 in all.
    #expect(witness.runs.map(\.maps.count) == [3, 3] && witness.runs.map(\.levels.count) == [3, 3])
    for run in witness.runs {
      for shown in run.maps {
        expectClose(shown.map.sum(along: 1, 2), Tensor.ones([2]), absolute: 1e-4)
      }
    }
    _ = try Explainer(model).explain(faces.sliced(along: 0, from: 0, count: 1), id: "")
    #expect(try model(faces, .evaluation).final.values == plain.final.values)
  }

  /// Anchors at distances 5 and 13 of the first class, 3 and 4 of the second.
  @Test("anchors by distance, with their class and number")
  func anchors() {
    let key = EvidenceKey("points", .shared)
    let evidence: Evidence = [
      key: Tensor([2, 2, 2], [3, 4, 5, 12, 0, 3, 4, 0]), EvidenceKey("else", .shared): .ones([2, 2, 5]),
    ]
    let found = NearAnchor.nearest(to: [0, 0], in: evidence, classCount: 2, count: 3, faces: nil)
    #expect(found.map(\.distance) == [3, 4, 5] && found.map(\.label) == [1, 1, 0])
    #expect(found.map(\.number) == [1, 2, 1] && found.allSatisfy { $0.faces.isEmpty })
  }

  @Test("the nearest of some embeddings, the first of equally near ones")
  func trainingFaces() {
    // The second image could not be read.
    let faces = TrainingFaces(TinyImages(count: 4), [0, 2, 3], Tensor([3, 2], [0, 5, 3, 4, 1, 0]))
    let near = faces.nearest(to: [0, 0], count: 2)
    #expect(near.map(\.id) == ["face 3", "face 0"] && near.map(\.distance) == [1, 5])
    #expect(near.map(\.label) == [0, 0] && faces.nearest(to: [0, 0], count: 9).count == 3)
  }
}

/// The mirror images, made anew: pixel by pixel.
private enum TestTimeFlipCopy {
  static func mirrored(_ images: Tensor) -> Tensor {
    let (shape, values) = (images.shape, images.values)
    return Tensor(shape) { target in
      for place in target.indices {
        let (channel, pixel) = (place % 3, place / 3)
        let (column, row) = (pixel % shape[2], pixel / shape[2])
        target[place] = values[(row * shape[2] + shape[2] - 1 - column) * 3 + channel]
      }
    }
  }
}

/// The image itself, and its means over 2x2 places.
private final class TwoLevels: Backbone {
  typealias Options = NoOptions
  let levels: [PyramidLevel]

  init(_ options: NoOptions, in context: inout BuildContext) {
    levels = [1, 2].map {
      PyramidLevel(height: context.inputSize / $0, width: context.inputSize / $0, channels: 3)
    }
  }

  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: Self.maps(of: images))
  }

  static func maps(of images: Tensor) -> [Tensor] {
    let first = images * 1
    return [first, first.averagePooled(kernel: 2, stride: 2)]
  }
}

/// The mean of one level.
private final class ReadsOne: Encoder {
  struct Options: ComponentOptions {
    @Option("Which.", 0...) var level = 0
  }
  let embeddingSize = 3
  private let level: Int

  init(_ options: Options, in context: inout BuildContext) { level = options.level }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    Encoding(embedding: image.levels[level].globalAveragePooled())
  }
}

private enum TwoLevelPlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.backbones.register("two-levels", TwoLevels.self)
    try registry.encoders.register("reads-one", ReadsOne.self)
  }
}

extension Float {
  fileprivate static func log(_ value: Float) -> Float { Tensor([1], [value]).log().item }
}
