import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing
import Support

@Suite("Expression model")
struct ExpressionModelTests {
  let recipe: Recipe
  let images = Tensor([2, 8, 8, 3], (0..<384).map { Float($0 % 17) / 17 })

  init() throws {
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    recipe = try workshop.load("a.json5")
  }

  @Test("parameters live under the names of their places")
  func names() throws {
    #expect(
      try recipe.buildModel().store.all.map(\.name) == [
        "backbone.weight", "landmarks.weight", "reduction.weight", "reduction.bias", "head.out.weight",
        "head.out.bias", "corrections.anchor.anchors",
      ])
  }

  @Test("frozen parts get no gradient, scales reach the parameters")
  func frozen() throws {
    let model = try recipe.buildModel()
    #expect(model.store["landmarks.weight"]?.isFrozen == true)
    #expect(model.store["backbone.weight"]?.isFrozen == false)
    #expect(model.store["head.out.weight"]?.learningRateScale == 2)
    let tape = Tape()
    let pass = ForwardPass.training(on: tape, seed: 1, step: 0)
    let value = try model.objective(model(images, pass), against: Targets(labels: [0, 1]), pass)
    tape.backward(from: value.total)
    for parameter in model.store.all {
      let gradient = tape.gradient(for: ObjectIdentifier(parameter))
      #expect((gradient != nil) == !parameter.isFrozen, "\(parameter.name)")
    }
  }

  @Test(
    "standardised: each number of the embedding has mean 0 and deviation 1 over the batch, then stored ones")
  func standardized() throws {
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    let model = try workshop.load("a.json5", "model.standardize=true").buildModel()
    let plain = try recipe.buildModel()
    #expect(
      Set(model.store.all.map(\.name)).subtracting(plain.store.all.map(\.name)) == [
        "standardization.running_mean", "standardization.running_var",
      ])
    let before = try plain(images, .evaluation).embedding
    let batch = try model(images, .training(on: Tape(), seed: 1, step: 0)).embedding
    let mean = before.mean(along: 0, keepingDimensions: true)
    let variance = (before - mean).squared().mean(along: 0, keepingDimensions: true)
    expectClose(batch, (before - mean) / (variance + 1e-5).squareRoot(), absolute: 1e-4)
    // One step moved the stored mean by a tenth and the variance, of two rows, by a tenth of twice the batch's.
    let stored = (before - mean * 0.1) / (variance * 0.2 + 0.9 + 1e-5).squareRoot()
    expectClose(try model(images, .evaluation).embedding, stored, absolute: 1e-4)
  }

  @Test(
    "flipped at test time: the mean over an image and its mirror image, balanced; training sees the image alone"
  )
  func testTimeFlip() throws {
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    let flipping = try workshop.load("a.json5", "model.testTimeFlip=true").buildModel()
    let plain = try recipe.buildModel()
    let mirrored = Tensor(
      images.shape,
      (0..<2 * 8).flatMap { row in
        (0..<8).reversed().flatMap { column in
          (0..<3).map { images.values[(row * 8 + column) * 3 + $0] }
        }
      })
    let (one, other) = (try plain(images, .evaluation), try plain(mirrored, .evaluation))
    let found = try flipping(images, .evaluation)
    expectClose(found.primary, (one.primary + other.primary) * 0.5, absolute: 1e-6)
    expectClose(found.logits.softmax(along: -1), found.primary, absolute: 1e-6)
    #expect(found.terms.map(\.name) == ["anchor", "attentive"])
    let terms = zip(one.terms, other.terms).map { ($0.distribution + $1.distribution) * 0.5 }
    for (term, mean) in zip(found.terms, terms) { expectClose(term.distribution, mean, absolute: 1e-6) }
    expectClose(found.final, Tensor.balanced(found.primary, with: terms), absolute: 1e-6)
    #expect(found.embedding.values == one.embedding.values)
    // The fake backbone must tell an image from its mirror image, or nothing was tried.
    #expect(one.primary.values != other.primary.values)
    let pass = ForwardPass.training(on: Tape(), seed: 1, step: 0)
    #expect(try flipping(images, pass).primary.values == plain(images, pass).primary.values)
  }

  @Test("factors of the learning rate by the beginnings of names, the longest first")
  func learningRates() throws {
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    let model = try workshop.load("a.json5", "model.head.learningRateScale={ out: 3, 'out.bias': 5 }")
      .buildModel()
    #expect(model.store["head.out.weight"]?.learningRateScale == 3)
    #expect(model.store["head.out.bias"]?.learningRateScale == 5)
    #expect(model.store["backbone.weight"]?.learningRateScale == 1)
    #expect(
      try workshop.report("a.json5", "model.head.learningRateScale={ outt: 3 }") == """
        command line: model.head.learningRateScale.outt: no parameter of this part has a name that begins so; did you \
        mean "out"?
          beginnings: out
        1 problem, nothing was built
        """)
    #expect(
      try workshop.report("a.json5", "model.head.learningRateScale={ out: -1 }").hasPrefix(
        "command line: model.head.learningRateScale: must be at least 0, is -1"))
  }

  @Test(
    "a frozen part computes in the precision of the pass", .enabled(if: Precision.bfloat16.obstacle == nil))
  func frozenPrecision() throws {
    enum SpyPlugin: Plugin {
      static func register(in registry: inout Registry) throws {
        try registry.landmarks.register("spy", PrecisionSpy.self)
      }
    }
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    for isFrozen in [true, false] {
      let model = try workshop.load(
        "a.json5", "model.landmarks={ use: 'spy', frozen: \(isFrozen) }", and: [SpyPlugin.self]
      ).buildModel()
      for (precision, expected) in [(Precision.bfloat16, Float(1)), (.float32, 0)] {
        let found = try model(images, .evaluation(in: precision)).evidence[PrecisionSpy.key]
        #expect(found?.values == [expected, expected])
      }
    }
  }

  @Test("the outcome holds every distribution, its terms by name")
  func outcome() throws {
    let outcome = try recipe.buildModel()(images, .evaluation)
    #expect(outcome.embedding.shape == [2, 5])
    #expect(outcome.terms.map(\.name) == ["anchor", "attentive"])
    for rows in [outcome.primary, outcome.final] + outcome.terms.map(\.distribution) {
      expectClose(rows.sum(along: 1), [1, 1], absolute: 1e-5)
    }
    #expect(outcome.evidence.mapValues(\.shape) == [.anchors: [3, 2, 5]])
  }

  @Test("the objective is the weighed sum of its losses")
  func objective() throws {
    let model = try recipe.buildModel()
    let value = try model.objective(
      model(images, .evaluation), against: Targets(labels: [0, 1]), .evaluation)
    #expect(value.losses.map(\.name) == ["anchor", "nll"])
    #expect(abs(value.total.item - (0.1 * value.losses[0].value + value.losses[1].value)) < 1e-5)
  }

  @Test("the same recipe gives the same numbers, another seed others")
  func seed() throws {
    let (first, second) = (try recipe.buildModel(), try recipe.buildModel())
    #expect(try first(images, .evaluation).final.values == second(images, .evaluation).final.values)
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    let other = try workshop.load("a.json5", "seed=8").buildModel()
    #expect(try first(images, .evaluation).final.values != other(images, .evaluation).final.values)
  }

  @Test("a part with weights reads its file, and one that does not fit is an error")
  func weights() throws {
    let workshop = try Workshop()
    let numbers = Tensor([4, 3], (0..<12).map(Float.init))
    try WeightFile.write(["backbone.weight": numbers], to: workshop.folder + "/good.safetensors")
    try WeightFile.write(["backbone.weight": .zeros([4, 4])], to: workshop.folder + "/bad.safetensors")
    try workshop.write("a.json5", wholeRecipe)
    let model = try workshop.load("a.json5", "model.backbone.weights=\(workshop.folder)/good.safetensors")
      .buildModel()
    #expect(model.store["backbone.weight"]?.value.values == numbers.values)
    #expect(throws: FileProblem.self) {
      try workshop.load("a.json5", "model.backbone.weights=\(workshop.folder)/bad.safetensors").buildModel()
    }
    let blank = try workshop.load("a.json5", "model.backbone.weights=\(workshop.folder)/bad.safetensors")
      .buildModel(loadingWeights: false)
    #expect(blank.store["backbone.weight"]?.value.values != numbers.values)
  }
}

/// Tells whether it was asked to compute in bf16.
private final class PrecisionSpy: LandmarkExtractor {
  typealias Options = NoOptions
  static let key = EvidenceKey("bf16", .sample)
  static func provides(_ options: NoOptions) -> [EvidenceKey] { [key] }
  let levels = [PyramidLevel(height: 4, width: 4, channels: 3)]

  init(_ options: NoOptions, in context: inout BuildContext) {}
  func landmarks(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    let flag = Tensor.full([images.shape[0], 1], pass.precision == .bfloat16 ? 1 : 0)
    return FeaturePyramid(levels: [images.strided(by: 2)], evidence: [Self.key: flag])
  }
}
