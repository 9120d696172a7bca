import ARBEx
import FERCore
import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

/// EfficientFace and its teacher as a whole, through their recipes, against the independent definition.
@Suite("EfficientFace and its teacher agree with the reference", .serialized)
struct GoldenTests {
  private func recipe(_ name: String, _ overrides: String...) throws -> Recipe {
    try Recipe.shipped(name, overrides, registry: try Registry.builtins())
  }

  /// What the recipe's label policies make of these images.
  private func targets(of recipe: Recipe, for images: Tensor) throws -> Targets {
    let count = images.shape[0]
    let samples = (0..<count).map { Sample(id: "\($0)", label: 0) }
    nonisolated(unsafe) let shared = recipe
    let setting = TrainingSetting(classes: recipe.classes, seed: 1) {
      try TeacherModel($0.text, weights: $1.text, for: shared)
    }
    return try LabelPolicies(
      try recipe.makeLabelPolicies(), of: samples, in: setting
    )
    .targets(for: Batch(number: 0, images: images, indices: Array(0..<count)))
  }

  @Test(
    "as many parameters as published",
    arguments: [("efficientface", 1_275_293, 418), ("efficientface-teacher", 23_522_375, 320)])
  func parameters(_ name: String, _ count: Int, _ entries: Int) throws {
    let store = try recipe(name).buildModel(filling: false).store
    #expect(store.trainable.map(\.count).reduce(0, +) == count)
    // One counter for each norm besides.
    #expect(store.all.count + store.all.count { $0.name.hasSuffix("running_var") } == entries)
  }

  @Test("published checkpoints of both, imported: embedding, logits, distribution")
  func evaluation() throws {
    let golden = try Golden("efficientface_eval")
    let images = goldenPictures("input.efficientface", count: 2)
    let student = try GoldenRecipe.imported("efficientface", naming: "efficientface")
      .model(images, .evaluation)
    expectRelativeNorm(student.embedding, golden.plain("embedding"), atMost: 2e-4, "embedding")
    expectRelativeNorm(student.logits, golden.plain("logits"), atMost: 2e-4, "logits")
    expectClose(
      student.primary, golden.plain("logits").softmax(along: -1), absolute: 1e-5, relative: 0)
    let teacher = try GoldenRecipe.imported("efficientface-teacher", naming: "efficientface-teacher")
      .model(images, .evaluation)
    expectRelativeNorm(teacher.logits, golden.plain("teacher.logits"), atMost: 2e-4, "teacher's logits")
    expectClose(teacher.final, golden.plain("teacher.distribution"), absolute: 1e-5, relative: 0)
    golden.expectAbridged(
      StoredArray(of: teacher.embedding, layout: .plain), "teacher.embedding", atMost: 2e-4)
  }

  /// As the authors start: the pretrained file has a classifier of 12,666 people, which is none of the backbone's.
  @Test("the backbone alone comes out of a checkpoint with another classifier")
  func backbone() throws {
    let folder = TestFolder()
    let recipe = try recipe("efficientface", "labels=null")
    let arrays = try recipe.buildModel(filling: false).store.under("backbone").published {
      String($0.dropFirst("backbone.".count))
    }
    let fc = (name: "module.fc.weight", array: filled("fc.weight", shape: [12_666, 1024]))
    let file = folder / "Pretrained_EfficientFace.tar"
    try Data(TorchWriter.checkpoint(arrays + [fc])).write(to: URL(fileURLWithPath: file))
    let key = "stage4.3.branch2.5.weight"
    let model = try self.recipe("efficientface", "labels=null", "model.backbone.weights=\(file)").buildModel()
    #expect(model.store["backbone." + key]?.fileValue.values == filled(key, shape: [232, 232, 1, 1]).values)
    let begin = [
      "weights", "import", file, "--recipe", ShippedRecipe.path("efficientface"), "--out", folder / "out",
    ]
    let whole = Answer(begin)
    #expect(whole.code == 2)
    for sentence in [
      "its head is of another task: it has 12666 classes", "imported alone: --part backbone",
    ] { #expect(whole.remarks.contains(sentence), "\(whole.remarks)") }
    #expect(Answer(begin + ["--part", "backbone"]).code == 0)
  }

  /// The teacher's file has published names: the policy reads it as it is.
  @Test("a training step under the teacher: its distribution, loss, gradients, running statistics")
  func training() throws {
    let golden = try Golden("efficientface_train")
    let folder = TestFolder()
    let file = folder.path + "/ldg.pth.tar"
    try Data(try GoldenRecipe.checkpoint("efficientface-teacher", naming: "efficientface-teacher"))
      .write(to: URL(fileURLWithPath: file))
    let policy = """
      labels=[{ use: "teacher", model: "\(ShippedRecipe.path("efficientface-teacher"))", weights: "\(file)" }]
      """
    let recipe = try recipe("efficientface", policy)
    let images = goldenPictures("input.efficientface.train.30", count: 3)
    let targets = try targets(of: recipe, for: images)
    let wanted = golden.plain("teacher.distribution")
    expectRelativeNorm(targets.distribution ?? .zeros([1]), wanted, atMost: 5e-4, "distribution")

    let naming = try GoldenRecipe.naming("efficientface")
    let fileName = try #require(naming.fileName)
    let model = try recipe.buildModel(filling: false)
    try model.store.fillThroughFile(naming, fileName)
    let tape = Tape()
    let pass = ForwardPass.training(on: tape, seed: 1, step: 0)
    let found = try model(images, pass, isThorough: true)
    let value = try model.objective(found, against: targets, pass)
    for (name, tensor) in [
      ("embedding", found.embedding), ("logits", found.logits), ("loss.total", value.total),
    ] { expectRelativeNorm(tensor, golden.plain(name), atMost: 5e-4, name) }
    tape.backward(from: value.total)
    let byKey = model.store.all.byKey(fileName)
    let watched = try golden.expectGradients(on: tape, of: { byKey[$0] }) {
      $0.hasPrefix("fc.") ? 1e-3 : 1e-1
    }
    #expect(watched.count >= 4)
    golden.expectGradientNorm(of: model.store.trainable, on: tape, atMost: 1e-1)
    #expect(try golden.expectStatistics(of: { byKey[$0] }, atMost: 5e-4).count >= 4)
  }
}
