@testable import APViT
import ARBEx
import FERCore
import FERTools
import FERTraining
import Foundation
@testable import IR50
import NeuralKit
import Support
@testable import Baselines
import TensorKit
import TestSupport
import Testing

/// APViT as a whole against the independent definition, through IR-50 and the head too.
@Suite("APViT agrees with the reference", .serialized)
struct GoldenTests {
  private typealias Names = APViT.PublishedNames

  /// Backbone and encoder as published, under a model's names.
  private struct Network {
    let store: ParameterStore
    let backbone: IR50
    let encoder: AttentivePoolingViT
    let head: LinearHead

    init(_ options: AttentivePoolingViT.Options = .init()) throws {
      let root = BuildContext.fixture(classes: 7, inputSize: 112)
      var context = root
      context.scope = root.scope / "backbone"
      backbone = try IR50(.init(), in: &context)
      context.imageLevels = backbone.levels
      context.scope = root.scope / "encoder"
      encoder = try AttentivePoolingViT(options, in: &context)
      context.embedding = encoder.embeddingSize
      context.scope = root.scope / "head"
      head = try LinearHead(.init(), in: &context)
      store = root.store
    }
  }

  /// The places of each pooling as the reference has them: the patch pooling's as they are, a block's counted with the
  /// class token at 0.
  private func kept(_ golden: Golden) -> [[[Int]]] {
    (0..<5).map { pooling in
      let array = golden["kept.\(pooling)"]
      return (0..<array.shape[0]).map { sample in
        array.values[sample * array.shape[1]..<(sample + 1) * array.shape[1]].map {
          Int($0) - (pooling == 0 ? 0 : 1)
        }
      }
    }
  }

  /// The evidence that follows from them.
  private func shares(_ kept: [[[Int]]]) -> Tensor {
    var survival = Survival(samples: kept[0].count, patches: 196)
    kept.forEach { survival.keep($0) }
    return survival.map(height: 14, width: 14)
  }

  @Test("in evaluation mode: what is kept, every stage, embedding and logits")
  func evaluation() throws {
    let golden = try Golden("apvit_eval")
    let allowed = try Tolerance.read().eval
    let network = try Network()
    try network.store.fillThroughFile(Names.model, Names.names.key(ofName:))
    let images = uniformImages("input.apvit.26", count: 2, side: 112)
    let pyramid = network.backbone.features(of: images, .evaluation)
    golden.expectAbridged(StoredArray(channelsFirstOf: pyramid.levels[2]), "ir50", atMost: allowed)
    var stages: [AttentivePoolingViT.Stage] = []
    _ = network.encoder.transformed(pyramid.levels[2], readsClassTokenAlone: false, .evaluation) {
      stages.append($0)
    }
    #expect(stages.compactMap(\.places) == kept(golden))
    for (index, stage) in stages.enumerated() {
      let name = index == 0 ? "pooled" : "block\(index - 1)"
      golden.expectAbridged(StoredArray(of: stage.tokens, layout: .plain), name, atMost: allowed)
    }
    let encoding = network.encoder.encode(image: pyramid, landmarks: nil, .evaluation)
    let logits = network.head.classify(encoding, .evaluation).logits
    for (name, found) in [("embedding", encoding.embedding), ("logits", logits)] {
      let error = expectRelativeNorm(found, golden.plain(name), atMost: allowed, name)
      print("golden apvit_eval \(name): \(error)")
    }
    #expect(encoding.evidence[AttentivePoolingViT.keptPatches]?.values == shares(kept(golden)).values)
  }

  /// What people do: a checkpoint of full size in PyTorch's format, with the published keys and a counter for each of the
  /// 45 batch norms, imported for the recipe that comes with the program.
  @Test(
    "a checkpoint under the published names, imported: nothing over, nothing lacking, the same probabilities")
  func importedCheckpoint() throws {
    let golden = try Golden("apvit_eval")
    let registry = try Registry.builtins()
    let recipe = try Recipe.shipped("apvit", registry: registry)
    let folder = try TemporaryFolder("apvit")
    let parameters = try recipe.buildModel(filling: false).store.all
    #expect(parameters.filter(\.isLearned).reduce(0) { $0 + $1.count } == 65_209_543)
    var arrays = parameters.published(wrapper: "", Names.names.key(ofName:))
    // Counted in facts of the published class: extractor 247, transformer 95, head 2.
    #expect(
      ["extractor.", "vit.", "head.fc."].map { start in arrays.count { $0.name.hasPrefix(start) } } == [
        247, 95, 2,
      ])
    let counters = arrays.map(\.name).filter { $0.hasSuffix(".running_var") }.map {
      $0.replacingOccurrences(of: ".running_var", with: ".num_batches_tracked")
    }
    #expect(counters.count == 45)
    arrays += counters.map { (name: $0, array: StoredArray(shape: [1], values: [3])) }
    let (source, imported) = (folder.path + "/APViT_RAF.pth", folder.path + "/imported.safetensors")
    try Data(TorchWriter.checkpoint(arrays, isOld: false)).write(to: URL(fileURLWithPath: source))

    let found = try WeightImport(source, for: recipe, WeightImport.Options(), registry: registry)
    #expect(found.match.naming.word == "apvit" && found.warnings.isEmpty, "\(found.warnings)")
    #expect(found.match.parts.allSatisfy { $0.coverage == 1 } && found.match.unknown.isEmpty)
    #expect(Set(found.match.unneeded) == Set(counters))
    try found.write(to: imported)
    let trained = try TrainedModel(recipe, weights: imported)
    let images = uniformImages("input.apvit.26", count: 2, side: 112)
    let probabilities = try trained.model(images, .evaluation).final
    let gap = zip(probabilities.values, golden.plain("logits").softmax(along: 1).values).map { abs($0 - $1) }
      .max()
    #expect(gap ?? 1 < 1e-5)
    print("golden apvit_eval, imported, probabilities: \(gap ?? 1)")

    // The parts alone, out of the same file.
    for (part, count) in [("backbone", 247), ("encoder", 95)] {
      var options = WeightImport.Options()
      options.part = part
      let alone = try WeightImport(source, for: recipe, options, registry: registry)
      #expect(alone.match.parts.map(\.path) == [part] && alone.match.parts[0].used == count)
    }
    // A head of the labels' order would say wrong names.
    let other = try Recipe.shipped(
      "apvit",
      [
        #"classes=["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"]"#
      ],
      registry: registry)
    #expect(throws: RunProblem.self) { try WeightImport(source, for: other, .init(), registry: registry) }
  }

  @Test("one training step through its recipe: what is kept, loss and gradients")
  func training() throws {
    let golden = try Golden("apvit_train")
    let tolerance = try Tolerance.read()
    let recipe = try Recipe.shipped("apvit", registry: try Registry.builtins())
    let model = try recipe.buildModel(filling: false)
    try model.store.fillThroughFile(Names.model, Names.names.key(ofName:))
    let tape = Tape()
    let pass = ForwardPass.training(on: tape, seed: 1, step: 0)
    let images = uniformImages("input.apvit.train.15", count: 4, side: 112)
    let outcome = try model(images, pass, isThorough: true)
    let value = try model.objective(outcome, against: Targets(labels: [0, 3, 5, 6]), pass)
    #expect(outcome.evidence[AttentivePoolingViT.keptPatches]?.values == shares(kept(golden)).values)
    for (name, found) in [
      ("embedding", outcome.embedding), ("logits", outcome.logits), ("loss", value.total),
    ] {
      let error = expectRelativeNorm(found, golden.plain(name), atMost: tolerance.trainOutputs, name)
      print("golden apvit_train \(name): \(error)")
    }

    tape.backward(from: value.total)
    let watched = try golden.expectGradients(
      on: tape, of: { Names.names.name(ofKey: $0).flatMap { model.store[$0] } }
    ) { $0.hasPrefix("extractor.") ? tolerance.earlyGradients : tolerance.gradients }
    #expect(watched.count == 17)
    golden.expectGradientNorm(
      "gradient_norm", of: model.store.trainable, on: tape, atMost: tolerance.earlyGradients)
  }

  @Test("at first every class is as likely, and the loss is ln 7")
  func start() throws {
    let recipe = try Recipe.shipped("apvit", registry: try Registry.builtins())
    let model = try recipe.buildModel()
    let outcome = try model(uniformImages("start", count: 1, side: 112), .evaluation)
    #expect(outcome.logits.values == [Float](repeating: 0, count: 7))
    expectClose(
      try model.objective(outcome, against: Targets(labels: [2]), .evaluation).total, [1.945910],
      absolute: 1e-5)
  }

  /// Of the published network, in thousand millions: IR-50 5.468, transformer 7.179 with both poolings, 9.811 with none. The
  /// scores of four poolings add 2·768² + T·768 each, 0.005 together. In the last block only the class token is read; left
  /// out are of T = 117 tokens (197 without pooling) the projection of 116 (196), 768² each, of 104 (196) the perceptron, 2 ·
  /// 768 · 2304 each, and of the attention 2 · 768 · T · (T − 1): 0.457 (0.868).
  @Test("multiply-adds are the published ones, less what nobody reads", arguments: [true, false])
  func multiplyAdds(pools: Bool) throws {
    var options = AttentivePoolingViT.Options()
    if !pools { (options.patchRate, options.tokenRates) = (1, []) }
    let (published, saved) = pools ? (12.647, 0.457) : (15.279, 0.868)
    let network = try Network(options)
    network.store.fill(seed: 1)
    let images = uniformImages("work", count: 1, side: 112)
    for isWhole in [true, false] {
      let profile = Profile()
      profile.measure {
        let map = network.backbone.features(of: images, .evaluation).levels[2]
        _ = network.encoder.transformed(map, readsClassTokenAlone: !isWhole, .evaluation) { _ in }
      }
      let found = Double(profile.rows.reduce(0) { $0 + $1.work }) / 1e9
      print("apvit, whole: \(isWhole), \(found) thousand million multiply-adds")
      #expect(abs(found - published + (isWhole ? 0 : saved)) < 0.01)
    }
  }
}
