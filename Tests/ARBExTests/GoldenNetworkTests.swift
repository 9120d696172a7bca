import ARBEx
import FERCore
@testable import FERTools
@testable import IR50
@testable import MobileFaceNet
import Foundation
import NeuralKit
@testable import POSTERPlusPlus
@testable import Baselines
import TensorKit
import TestSupport
import Testing

/// Whole networks against the independent definition, through every plug-in at once.
@Suite("Whole networks agree with the reference", .serialized)
struct GoldenNetworkTests {
  @Test("POSTER++ in evaluation mode: every backbone level, embedding and logits")
  func posterEvaluation() throws {
    let golden = try Golden("poster_eval")
    let allowed = try Tolerance.read().eval
    var parts = try Extractors(classes: 7)
    let head = try parts.build("head") { try LinearHead(.init(), in: &$0) }
    try parts.store.fillThroughFile(POSTERNames.naming, POSTERNames.key(ofModelName:))
    let images = uniformImages("input.poster", count: 2, side: 224)
    let (features, landmarks, embedding) = parts.run(images, .evaluation)
    for (name, pyramid) in [("ir50", features), ("mobilefacenet", landmarks)] {
      for (index, level) in pyramid.levels.enumerated() {
        golden.expectAbridged(
          StoredArray(channelsFirstOf: level), "\(name).level\(index)", atMost: allowed)
      }
    }
    let logits = head.classify(Encoding(embedding: embedding), .evaluation).logits
    for (name, found) in [("embedding", embedding), ("logits", logits)] {
      let error = expectRelativeNorm(found, golden.plain(name), atMost: allowed, name)
      print("golden poster_eval \(name): \(error)")
    }
  }

  /// One convolution by Winograd's algorithm errs by 1.1 % (BFloat16OperationTests), and independent errors of n layers in
  /// a row add up to √n of one: 7.6 % after the 48 convolutions of IR-50's blocks if each made its map anew. They add to
  /// it, and tokens average their errors away: allowed is less than half of that.
  @Test(
    "POSTER++ with products in bfloat16 stays within 3 %",
    .enabled(if: Precision.bfloat16.obstacle == nil, "needs AVX512-BF16 and the AVX-512 kernels"))
  func posterInBFloat16() throws {
    let golden = try Golden("poster_eval")
    var parts = try Extractors(classes: 7)
    let head = try parts.build("head") { try LinearHead(.init(), in: &$0) }
    try parts.store.fillThroughFile(POSTERNames.naming, POSTERNames.key(ofModelName:))
    let images = uniformImages("input.poster", count: 2, side: 224)
    let (features, _, embedding) = parts.run(images, .evaluation(in: .bfloat16))
    for (index, level) in features.levels.enumerated() {
      let exact = parts.backbone.features(of: images, .evaluation).levels[index]
      print("bf16 poster_eval ir50.level\(index): \(relativeNorm(level, exact))")
    }
    let logits = head.classify(Encoding(embedding: embedding), .evaluation).logits
    for (name, found) in [("embedding", embedding), ("logits", logits)] {
      let error = expectRelativeNorm(found, golden.plain(name), atMost: 0.03, name)
      print("bf16 poster_eval \(name): \(error)")
    }
    let gap = zip(logits.softmax(along: -1).values, golden.plain("logits").softmax(along: -1).values).map {
      abs($0 - $1)
    }
    #expect(gap.max() ?? 1 < 1e-2)
    print("bf16 poster_eval probabilities: \(gap.max() ?? 0)")
  }

  /// What people do: a published checkpoint of full size, in either format of PyTorch, imported for the recipe that
  /// comes with the program, and run from the file that the import wrote.
  @Test("a POSTER++ checkpoint of PyTorch, imported: logits", arguments: [false, true])
  func importedCheckpoint(isOld: Bool) throws {
    let golden = try Golden("poster_eval")
    let registry = try Registry.builtins()
    let recipe = try Recipe.load(path: ShippedRecipe.path("posterpp"), registry: registry)
    let folder = NSTemporaryDirectory() + "arbex-golden-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let arrays = try recipe.buildModel(filling: false).store.all.published(POSTERNames.key(ofModelName:))
    let (source, imported) = (folder + "/model_best.pth", folder + "/imported.safetensors")
    try Data(TorchWriter.checkpoint(arrays, isOld: isOld)).write(to: URL(fileURLWithPath: source))
    let found = try WeightImport(source, for: recipe, WeightImport.Options(), registry: registry)
    #expect(found.match.parts.allSatisfy { $0.coverage == 1 } && found.match.unknown.isEmpty)
    #expect(found.file.skipped == ["__main__.RecorderMeter"])
    try found.write(to: imported)
    let trained = try TrainedModel(recipe, weights: imported)
    let logits = try trained.model(uniformImages("input.poster", count: 2, side: 224), .evaluation).logits
    let error = expectRelativeNorm(logits, golden.plain("logits"), atMost: 2e-4, "logits")
    print("golden poster_eval, imported: \(error)")
  }

  /// The wiring of the paper's method, not only its parts: recipe, assembly, model and objective. The reference has no
  /// reduction and draws nothing at random.
  @Test("one ARBEx training step through its recipe: distributions, losses and gradients")
  func arbexTraining() throws {
    let golden = try Golden("arbex_train")
    let tolerance = try Tolerance.read()
    let recipe = try Recipe.load(
      path: ShippedRecipe.path("arbex"),
      overrides: [
        "model.reduction=0", "model.head.dropout=0", "model.encoder.dropPath=0",
        "model.landmarks.frozen=true",
      ], registry: try Registry.builtins())
    let model = try recipe.buildModel(filling: false)
    try model.store.fillThroughFile(POSTERNames.naming, POSTERNames.key(ofModelName:))

    let tape = Tape()
    let pass = ForwardPass.training(on: tape, seed: 1, step: 0)
    let outcome = try model(uniformImages("input.arbex", count: 4, side: 224), pass, isThorough: true)
    let value = try model.objective(outcome, against: Targets(labels: [0, 3, 5, 7]), pass)
    #expect(outcome.terms.map(\.name) == ["anchor", "attentive"])
    #expect(value.losses.map(\.name) == ["anchor", "center", "nll"])
    let losses = value.losses.map { ("loss.\($0.name)", Tensor([1], [$0.value])) }
    for (name, found) in [
      ("embedding", outcome.embedding), ("primary", outcome.primary),
      ("anchor_term", outcome.terms[0].distribution), ("attentive_term", outcome.terms[1].distribution),
      ("final", outcome.final), ("loss.total", value.total),
    ] + losses {
      let error = expectRelativeNorm(found, golden.plain(name), atMost: tolerance.trainOutputs, name)
      print("golden arbex_train \(name): \(error)")
    }

    tape.backward(from: value.total)
    let byKey = model.store.all.byKey(POSTERNames.key(ofModelName:))
    let watched = try golden.expectGradients(on: tape, of: { byKey[$0] }) { _ in tolerance.gradients }
    #expect(watched.count == 20)
    #expect(model.store.under("landmarks").allSatisfy { tape.gradient(for: ObjectIdentifier($0)) == nil })
  }

  /// Made by Tests/PyTorch/gradcam.py, which tells why the slopes are nearly 1: kinks within rounding then change nothing.
  @Test("ARBEx explained: Grad-CAM of every level for both distributions, and the encoder's attention")
  func gradCAM() throws {
    let golden = try Golden("gradcam")
    let recipe = try Recipe.shipped("arbex", ["model.reduction=0"], registry: try Registry.builtins())
    let model = try recipe.buildModel(filling: false)
    try model.store.fillThroughFile(POSTERNames.naming, POSTERNames.key(ofModelName:))
    for slope in model.store.under("backbone") where slope.name.hasSuffix(".res_layer.2.weight") {
      slope.value = slope.value * 0.01 + 0.99
    }
    let image = uniformImages("input.gradcam", count: 1, side: 224)
    for subject in Explanation.Subject.allCases {
      let found = try Explainer(model, subject: subject).explain(image, id: "", label: 3)
      expectClose(Tensor([1, 8], found.row.final), golden.plain("final"), absolute: 1e-4)
      #expect(found.levels.count == 3 && found.attention.count == 3)
      func compare(_ map: FaceMap?, _ name: String) throws {
        let map = try #require(map)
        golden.expectAbridged(
          StoredArray(shape: [map.size.height, map.size.width], values: map.numbers), name, atMost: 1e-4)
      }
      for level in found.levels { try compare(level.activation, "\(subject.rawValue).level\(level.number)") }
      for (place, shown) in found.attention.enumerated() {
        #expect(shown.name == "attention-level-\(place + 1)")
        try compare(shown.map, "attention.level\(place + 1)")
      }
    }
  }
}

/// Backbone, landmark extractor and encoder with the published sizes, under a model's names.
private struct Extractors {
  var context: BuildContext
  let backbone: IR50
  let landmarks: MobileFaceNetLandmarks
  let encoder: WindowViT

  var store: ParameterStore { context.store }

  init(classes: Int) throws {
    let root = BuildContext.fixture(classes: classes, inputSize: 224)
    var context = root
    context.scope = root.scope / "backbone"
    backbone = try IR50(.init(), in: &context)
    context.imageLevels = backbone.levels
    context.scope = root.scope / "landmarks"
    landmarks = try MobileFaceNetLandmarks(.init(), in: &context)
    context.landmarkLevels = landmarks.levels
    context.scope = root.scope / "encoder"
    var options = WindowViT.Options()
    options.dropPath = 0
    encoder = try WindowViT(options, in: &context)
    context.embedding = encoder.embeddingSize
    context.scope = root.scope
    self.context = context
  }

  /// Builds a further part under `path`.
  mutating func build<Part>(_ path: String, _ make: (inout BuildContext) throws -> Part) rethrows -> Part {
    var inner = context
    inner.scope = path.split(separator: ".").reduce(context.scope) { $0 / $1 }
    return try make(&inner)
  }

  func run(_ images: Tensor, _ pass: ForwardPass) -> (FeaturePyramid, FeaturePyramid, Tensor) {
    let features = backbone.features(of: images, pass)
    let points = landmarks.landmarks(of: images, pass)
    return (features, points, encoder.encode(image: features, landmarks: points, pass).embedding)
  }
}
