import ARBEx
import FERCore
import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

/// RAN as a whole, through its recipe, against the independent definition.
@Suite("RAN agrees with the reference", .serialized)
struct GoldenTests {
  private func recipe(_ overrides: String...) throws -> Recipe {
    try Recipe.shipped("ran", overrides, registry: try Registry.builtins())
  }

  /// Regions `[n, S, S, 3]` each, woven to `[n·V, S, S, 3]`.
  private func views(_ name: String, count: Int) -> Tensor {
    let regions = (0..<6).map { goldenPictures("\(name).region\($0)", count: count).expanded(at: 1) }
    return Tensor.concatenated(regions, along: 1).reshaped([-1, 224, 224, 3])
  }

  /// conv1.weight and so on, 126 entries with the norms' counters.
  static let keys: [String] = {
    var keys = ["conv1.weight"] + batchNormKeys("bn1")
    for stage in 1...4 {
      for unit in 0..<2 {
        let key = "layer\(stage).\(unit)"
        keys +=
          ["\(key).conv1.weight", "\(key).conv2.weight"] + batchNormKeys("\(key).bn1")
          + batchNormKeys("\(key).bn2")
        if stage > 1, unit == 0 {
          keys += ["\(key).downsample.0.weight"] + batchNormKeys("\(key).downsample.1")
        }
      }
    }
    return keys + ["alpha.0", "beta.0", "fc"].flatMap { ["\($0).weight", "\($0).bias"] }
  }()

  @Test("parameters and keys are the published ones")
  func parameters() throws {
    let store = try recipe().buildModel(filling: false).store
    #expect(store.trainable.map(\.count).reduce(0, +) == 11_186_250)
    #expect(Self.keys.count + Self.keys.count { $0.hasSuffix("running_var") } == 126)
    let naming = try GoldenRecipe.naming("ran")
    #expect(Set(Self.keys.compactMap(naming.modelName)) == Set(store.all.map(\.name)))
  }

  @Test("the trunk alone comes out of a whole checkpoint; a plain ResNet-18 is no RAN")
  func trunk() throws {
    let folder = TestFolder()
    let file = folder / "ran.pth.tar"
    try Data(try GoldenRecipe.checkpoint("ran", naming: "ran")).write(to: URL(fileURLWithPath: file))
    let model = try recipe("model.backbone.weights=\(file)").buildModel()
    let key = "layer4.1.conv2.weight"
    #expect(
      model.store["backbone." + key]?.fileValue.values == filled(key, shape: [512, 512, 3, 3]).values)

    let arrays: TorchWriter.Arrays = model.store.all.filter { $0.name.hasPrefix("backbone.") }.map {
      (
        name: String($0.name.dropFirst("backbone.".count)),
        array: StoredArray(shape: $0.fileShape, values: $0.fileValue.values)
      )
    }
    let fc = (name: "fc.bias", array: StoredArray(shape: [8], values: [Float](repeating: 0.1, count: 8)))
    let plain = folder / "resnet18.pth"
    try Data(TorchWriter.checkpoint(arrays + [fc])).write(to: URL(fileURLWithPath: plain))
    let inspected = Answer(["weights", "inspect", plain])
    #expect(inspected.output.contains("fits resnet18-") && !inspected.output.contains("fits ran"))
    let begin = ["weights", "import", plain, "--recipe", ShippedRecipe.path("ran"), "--out", folder / "out"]
    let told = Answer(begin)
    #expect(told.code == 0 && told.output.contains("not in the file"), "\(told.output)")
    #expect(try WeightFile(folder / "out").metadata["naming"] == "resnet18-torchvision")
    let forced = Answer(begin + ["--map", "ran"])
    #expect(
      forced.code == 2 && forced.remarks.contains("for files that hold alpha.0.weight and beta.0.weight"),
      "\(forced.remarks)")
  }

  @Test("a published checkpoint, imported: both attentions, embedding, logits")
  func evaluation() throws {
    let golden = try Golden("ran_eval")
    let imported = try GoldenRecipe.imported("ran", naming: "ran", Self.keys, classes: "ferplus")
    let found = try imported.model(views("input.ran", count: 2), .evaluation)
    for (name, tensor) in [
      ("own", found.evidence[EvidenceKey("region-weights", .views)]),
      ("relation", found.evidence[EvidenceKey("relation-weights", .views)]),
      ("embedding", found.embedding), ("logits", found.logits),
    ] {
      let error = expectRelativeNorm(tensor ?? .zeros([1]), golden.plain(name), atMost: 2e-4, name)
      print("golden ran_eval \(name): \(error)")
    }
    let shares = golden.plain("logits").softmax(along: -1)
    expectClose(found.primary, shares, absolute: 1e-5, relative: 0)

    let paper = try recipe("model.encoder.weighting=sigmoid").buildModel(filling: false)
    try paper.store.fillThroughFile(
      try GoldenRecipe.naming("ran"), try #require(try GoldenRecipe.naming("ran").fileName))
    let sigmoids = try paper(views("input.ran", count: 2), .evaluation)
    for (name, tensor) in [("paper.embedding", sigmoids.embedding), ("paper.logits", sigmoids.logits)] {
      expectRelativeNorm(tensor, golden.plain(name), atMost: 2e-4, name)
    }
  }

  @Test(
    "a training step: outputs, losses, gradients and running statistics, regions one by one and together",
    arguments: ["each", "together"])
  func training(_ statistics: String) throws {
    let golden = try Golden("ran_train")
    let prefix = statistics == "each" ? "" : "together."
    let naming = try GoldenRecipe.naming("ran")
    let fileName = try #require(naming.fileName)
    let model = try recipe("input.views.statistics=\(statistics)").buildModel(filling: false)
    try model.store.fillThroughFile(naming, fileName)
    let tape = Tape()
    let found = try model(
      views("input.ran.train.39", count: 2), .training(on: tape, seed: 1, step: 0), isThorough: true)
    let value = try model.objective(
      found, against: Targets(labels: [3, 7]), .training(on: tape, seed: 1, step: 0))
    #expect(value.losses.map(\.name) == ["cross-entropy", "region-biased"])
    for (name, tensor) in [
      ("own", found.evidence[EvidenceKey("region-weights", .views)] ?? .zeros([1])),
      ("relation", found.evidence[EvidenceKey("relation-weights", .views)] ?? .zeros([1])),
      ("embedding", found.embedding), ("logits", found.logits), ("loss.total", value.total),
      ("loss.ce", Tensor([1], [value.losses[0].value])),
      ("loss.biased", Tensor([1], [value.losses[1].value])),
    ] { expectRelativeNorm(tensor, golden.plain(prefix + name), atMost: 5e-4, prefix + name) }

    tape.backward(from: value.total)
    let byKey = model.store.all.byKey(fileName)
    // Of regions together the head's and the attentions' alone are stored.
    let isTogether = statistics == "together"
    let watched = try golden.expectGradients(prefix + "grad.", on: tape, of: { byKey[$0] }) { key in
      isTogether || ["alpha", "beta", "fc"].contains(WeightNaming.steps(of: key)[0]) ? 1e-3 : 1e-2
    }
    #expect(watched.count >= 4)
    golden.expectGradientNorm(
      prefix + "grad.norm", of: model.store.trainable, on: tape, atMost: isTogether ? 1e-3 : 1e-2)
    let settled = try golden.expectStatistics(prefix + "after.", of: { byKey[$0] }, atMost: 5e-4)
    #expect(settled.count >= 4)
  }
}
