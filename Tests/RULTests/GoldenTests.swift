import ARBEx
import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import RUL

/// The whole network of `rul.json5` against an independent definition in PyTorch, by way of a checkpoint under the
/// published names.
@Suite("RUL agrees with the reference", .serialized)
struct GoldenTests {
  /// The 142 keys of a published file: 140 of the network, and the classifier's.
  static let keys =
    PublishedCheckpoint.numberedResNet18Keys.map { "features.\($0)" }
    + ["mu", "log_var"].flatMap { branch in
      ["0.running_mean", "0.running_var", "0.num_batches_tracked", "3.weight", "3.bias"].map {
        "\(branch).\($0)"
      } + batchNormKeys("\(branch).4") + ["\(branch).4.num_batches_tracked"]
    } + ["fc.weight", "fc.bias"]

  private let registry: Registry
  private let published: PublishedCheckpoint

  init() throws {
    registry = try Registry.builtins()
    // The reference draws nothing at random.
    let recipe = try Recipe.shipped("rul", ["model.encoder.dropout=0"], registry: registry)
    published = try PublishedCheckpoint(Self.keys, for: recipe, word: "rul", registry: registry) { key in
      key.hasPrefix("fc.") ? ("fc_state_dict", String(key.dropFirst(3))) : ("model_state_dict", key)
    }
  }

  @Test("every entry of a published file has its place, and every parameter its entry")
  func names() throws {
    #expect(Self.keys.count == 142)
    let match = published.imported.match
    #expect(match.naming.word == "rul")
    #expect(match.parts.map(\.path) == ["backbone", "encoder", "head"])
    #expect(match.parts.allSatisfy { $0.coverage == 1 && $0.reshaped.isEmpty } && match.unknown.isEmpty)
    #expect(match.unneeded.count == 24 && match.unneeded.allSatisfy { $0.hasSuffix(".num_batches_tracked") })
    #expect(published.imported.warnings.isEmpty, "\(published.imported.warnings)")
    let counts = ["backbone", "encoder", "head"].map { part in
      published.model.store.trainable.filter { $0.partPath == part }.reduce(0) { $0 + $1.count }
    }
    #expect(counts == [11_176_512, 2 * 1_605_824, 455])
    #expect(try registry.fits(of: published.imported.file).first?.word == "rul")
  }

  @Test("in evaluation mode: last map, embedding, uncertainty, logits, probabilities")
  func evaluation() throws {
    let (golden, allowed) = (try Golden("rul_eval"), try Tolerance.read().eval)
    let images = goldenPictures("input.rul", count: 3)
    let outcome = try published.model(images, .evaluation)
    let uncertainty = try #require(outcome.evidence[.uncertainty])
    for (name, found) in [
      ("mu", outcome.embedding), ("uncertainty", uncertainty), ("logits", outcome.logits),
    ] {
      let error = expectRelativeNorm(found, golden.plain(name), atMost: allowed, name)
      print("golden rul_eval \(name): \(error)")
    }
    let expected = golden.plain("logits").softmax(along: -1)
    let gap = zip(outcome.final.values, expected.values).map { abs($0 - $1) }.max() ?? 1
    print("golden rul_eval probabilities: \(gap)")
    #expect(gap <= 1e-5)

    var context = BuildContext.fixture(inputSize: 224)
    let backbone = try #require(registry.backbones["resnet18"]).make(nil, in: &context)
    for parameter in context.store.all {
      parameter.value = try #require(published.model.store["backbone.\(parameter.name)"]).value
    }
    let map = try #require(backbone.features(of: images, .evaluation).levels.last)
    golden.expectAbridged(StoredArray(channelsFirstOf: map), "map", atMost: allowed)
    let scope = ParameterScope()
    let branch = UncertaintyBranch(
      from: PyramidLevel(height: 7, width: 7, channels: 512), to: 64, dropout: 0, in: scope)
    for parameter in scope.store.all {
      parameter.value = try #require(published.model.store["encoder.log_var.\(parameter.name)"]).value
    }
    expectRelativeNorm(branch(map, .evaluation), golden.plain("log_var"), atMost: allowed, "log_var")
  }

  /// The permutation of the golden in place of a drawn one; all else is the recipe's.
  @Test("one training pass: outputs, mixed embeddings and logits, losses, gradients, running statistics")
  func training() throws {
    let (golden, tolerance) = (try Golden("rul_train"), try Tolerance.read())
    let partners = golden["partner"].values.map { Int($0) }
    #expect(partners == [2, 0, 1, 3, 5, 4])
    let tape = Tape()
    let pass = ForwardPass.training(on: tape, seed: 1, step: 0)
    let outcome = try published.model(goldenPictures("input.rul.train.7", count: 6), pass, isThorough: true)
    let labels = [0, 3, 5, 6, 3, 1]
    let truth = Targets(labels: labels).distribution(classCount: 7, smoothing: 0)
    let uncertainty = try #require(outcome.evidence[.uncertainty])
    let share = AddUp.share(uncertainty, partners: partners)
    let mixed = AddUp.mixed(outcome.logits, by: share, partners: partners)
    let total = AddUp.loss(of: outcome.logits, truth, uncertainty, partners: partners)
    let own = -(truth * mixed.logSoftmax(along: -1)).sum() / 6
    let partner = -(truth.gathered(rows: partners) * mixed.logSoftmax(along: -1)).sum() / 6
    for (name, found) in [
      ("mu", outcome.embedding), ("uncertainty", uncertainty), ("share", share),
      ("mixed", AddUp.mixed(outcome.embedding, by: share, partners: partners)), ("logits", mixed),
      ("loss.own", own), ("loss.partner", partner), ("loss.total", total),
    ] {
      let error = expectRelativeNorm(found, golden.plain(name), atMost: tolerance.trainOutputs, name)
      print("golden rul_train \(name): \(error)")
    }
    // The recipe's own objective draws its partners; it is this loss alone.
    let value = try published.model.objective(outcome, against: Targets(labels: labels), pass)
    #expect(value.losses.map(\.name) == ["add-up"] && value.total.isFinite)

    tape.backward(from: total)
    let keys = try golden.expectGradients(on: tape, of: published.parameter) { _ in tolerance.gradients }
    golden.expectGradientNorm(
      of: published.model.store.trainable, on: tape, atMost: tolerance.gradients)
    #expect(keys.count == 11)
    let settled = try golden.expectStatistics(of: published.parameter, atMost: tolerance.trainOutputs)
    let norms = ["features.1", "mu.0", "log_var.4"]
    #expect(Set(settled) == Set(norms.flatMap { ["\($0).running_mean", "\($0).running_var"] }))
  }

  @Test("the classifier learns at ten times the rate of the rest, as published")
  func rates() {
    let scales = published.model.store.trainable.map { ($0.partPath, $0.learningRateScale) }
    #expect(scales.allSatisfy { $0.1 == ($0.0 == "head" ? 10 : 1) })
  }
}
