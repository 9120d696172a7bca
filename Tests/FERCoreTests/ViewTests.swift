import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

/// Two samples of two views, each an image of one colour: 1 and 10, 3 and 30.
@Suite("Views of a sample")
struct ViewTests {
  private let images = Tensor(
    [4, 8, 8, 3], [1, 10, 3, 30].flatMap { Array(repeating: Float($0), count: 192) })

  private func recipe(_ overrides: String...) throws -> Recipe {
    let workshop = try Workshop()
    try workshop.write("a.json5", toldRecipe)
    try workshop.write(
      "b.json5",
      """
      {
        extends: "a.json5", input: { views: { use: "whole", \(overrides.joined(separator: ", ")) } },
        model: { backbone: { use: "normed" }, encoder: { use: "folding" } },
      }
      """)
    return try workshop.load("b.json5", and: [ToldPlugin.self, FoldingPlugin.self])
  }

  private func train(_ recipe: Recipe) throws -> (embedding: Tensor, model: ExpressionModel) {
    let model = try recipe.buildModel()
    let found = try model(images, .training(on: Tape(), seed: 1, step: 0), isThorough: true)
    return (found.embedding.sliced(along: 1, from: 0, count: 1), model)
  }

  /// Views by themselves: 1 and 3 have mean 2 and deviation 1, 10 and 30 have 20 and 10, so all become -1 and 1. The
  /// running mean starts at 0 and takes a tenth of 2, then of 20: 0.9 · 0.2 + 2 = 2.18.
  @Test("a batch norm sees one view at a time, in order")
  func each() throws {
    for setting in ["statistics: 'each'", "count: 2"] {
      let (embedding, model) = try train(try recipe(setting))
      expectClose(embedding, [[-1], [1]], absolute: 1e-4)
      expectClose(
        model.store["backbone.norm.running_mean"]?.value ?? .zeros([1]), [2.18, 2.18, 2.18], absolute: 1e-5)
    }
  }

  /// All four: mean 11, variance (100 + 1 + 64 + 361) / 4 = 131.5. The means of the samples' views are 5.5 and 16.5,
  /// which become ∓5.5 / √131.5 = ∓0.479623. The running mean is 1.1.
  @Test("or all views together")
  func together() throws {
    let (embedding, model) = try train(try recipe("statistics: 'together'"))
    expectClose(embedding, [[-0.479623], [0.479623]], absolute: 1e-5)
    expectClose(
      model.store["backbone.norm.running_mean"]?.value ?? .zeros([1]), [1.1, 1.1, 1.1], absolute: 1e-5)
  }

  /// The views of sample 0 are 1 and 10, those of sample 1 are 3 and 30; the first of each shows the whole face.
  @Test(
    "evidence of a backbone is of samples behind the encoder: a number for each view, the whole face's map")
  func evidence() throws {
    for setting in ["statistics: 'each'", "statistics: 'together'"] {
      let model = try recipe(setting).buildModel()
      let found = try model(images, .training(on: Tape(), seed: 1, step: 0)).evidence
      #expect(found.byName.map(\.key.layout) == [.views, .map, .rows])
      expectClose(found[EvidenceKey("brightness", .views)] ?? .zeros([1]), [[1, 10], [3, 30]])
      let face = found[.glow] ?? .zeros([1])
      #expect(face.shape == [2, 1, 2] && face.values == [1, 1, 3, 3])
      let rows = found[.places] ?? .zeros([1])
      #expect(rows.shape == [2, 2, 3] && rows.values == [1, 1, 1, 10, 10, 10, 3, 3, 3, 30, 30, 30])
    }
  }

  @Test("who reads it there is told how it lies")
  func layouts() throws {
    let workshop = try Workshop()
    try workshop.write("a.json5", toldRecipe)
    try workshop.write(
      "b.json5",
      """
      { extends: "a.json5", input: { views: { use: "whole" } }, model: { backbone: { use: "normed" },
        encoder: { use: "folding" } } }
      """)
    let report = { (overrides: String...) in
      try workshop.report("b.json5", overrides[0], overrides[1], and: [ToldPlugin.self, FoldingPlugin.self])
    }
    let two = "input.views.count=2"
    for needs in ["brightness views", "glow map", "places rows"] {
      #expect(try report(two, "model.head.needs='\(needs)'") == "")
    }
    #expect(
      try report(two, "model.head.needs='brightness sample'").contains(
        "the head \"told\" needs brightness as sample, and it is provided as views\n"))
    #expect(
      try report("input.views.whole=-1", "model.head.needs='glow map'").contains(
        "the head \"told\" needs glow as map, and it is provided as rows\n"))
    #expect(try report("input.views.count=1", "model.head.needs='brightness sample'") == "")
  }

  @Test("an encoder that does not fold views is refused where a sample has several")
  func refused() throws {
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    try workshop.write("b.json5", "{ extends: 'a.json5', input: { views: { use: 'whole' } } }")
    #expect(
      try workshop.report("b.json5") == """
        a.json5:7: model.encoder: takes one view of a sample, and input.views makes 2 of each; choose an encoder that \
        brings views together, or leave input.views out
        1 problem, nothing was built
        """)
    #expect(try workshop.report("b.json5", "input.views.count=1") == "")
  }
}

extension EvidenceKey {
  fileprivate static let brightness = EvidenceKey("brightness", .sample)
  fileprivate static let glow = EvidenceKey("glow", .map)
  fileprivate static let places = EvidenceKey("places", .rows)
}

private final class NormedBackbone: Backbone {
  typealias Options = NoOptions
  static func provides(_ options: NoOptions) -> [EvidenceKey] { [.brightness, .glow, .places] }
  let levels: [PyramidLevel]
  private let norm: BatchNorm

  init(_ options: NoOptions, in context: inout BuildContext) {
    levels = [PyramidLevel(height: context.inputSize, width: context.inputSize, channels: 3)]
    norm = BatchNorm(3, in: context.scope / "norm")
  }
  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    let brightness = images.globalAveragePooled().mean(along: 1, keepingDimensions: true)
    let wide = brightness * Tensor.ones([1, 6])
    return FeaturePyramid(
      levels: [norm(images, pass)],
      evidence: [
        .brightness: brightness, .places: wide.sliced(along: 1, from: 0, count: 3),
        .glow: wide.sliced(along: 1, from: 0, count: 2).reshaped([-1, 1, 2]),
      ])
  }
}

/// The mean over a sample's views.
private final class FoldingEncoder: Encoder {
  typealias Options = NoOptions
  static var foldsViews: Bool { true }
  let embeddingSize = 3
  private let views: Int

  init(_ options: NoOptions, in context: inout BuildContext) { views = context.views.count }
  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    Encoding(embedding: image.levels[0].globalAveragePooled().reshaped([-1, views, 3]).mean(along: 1))
  }
}

private enum FoldingPlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.backbones.register("normed", NormedBackbone.self)
    try registry.encoders.register("folding", FoldingEncoder.self)
  }
}
