import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import EfficientFace

@Suite("EfficientFace")
struct EfficientFaceTests {
  /// 1,275,293 with a classifier of 7 · 1024 + 7 numbers.
  @Test("as many parameters as published, part by part")
  func parameters() throws {
    var context = BuildContext.fixture(classes: 7, inputSize: 224)
    let network = try EfficientFace(.init(), in: &context)
    let count = { (path: String) in
      context.store.under(path).filter(\.isLearned).map(\.count).reduce(0, +)
    }
    #expect(context.store.trainable.map(\.count).reduce(0, +) == 1_275_293 - 7_175)
    let parts = ["conv1", "stage2", "modulator", "local", "stage3", "stage4", "conv5"]
    #expect(parts.map(count) == [841, 30_827, 3_526, 10_208, 244_180, 501_352, 477_184])
    #expect(network.levels.map(\.description) == ["28x28x116", "14x14x232", "7x7x1024"])
    #expect(context.store["local.conv3_1.weight"]?.fileShape == [116, 1, 3, 3])
    #expect(context.store["stage2.0.branch1.0.weight"]?.fileShape == [29, 1, 3, 3])
  }

  @Test("every stage agrees with the reference")
  func stages() throws {
    let golden = try Golden("efficientface_eval")
    var context = BuildContext.fixture(classes: 7, inputSize: 224)
    let network = try EfficientFace(.init(), in: &context)
    context.store.fillFromNames()
    let images = goldenPictures("input.efficientface", count: 2)
    let found = network.trace(of: images, .evaluation)
    for (name, map) in [
      ("stem", found.stem), ("stage2", found.stages[0]), ("local", found.local), ("fused", found.fused),
      ("stage3", found.stages[1]), ("stage4", found.stages[2]),
    ] { golden.expectAbridged(StoredArray(channelsFirstOf: map), name, atMost: 2e-4) }
    let levels = network.features(of: images, .evaluation).levels
    expectRelativeNorm(
      levels[2].globalAveragePooled(), golden.plain("embedding"), atMost: 2e-4, "embedding")
    #expect(levels[0].values == found.fused.values && levels[1].values == found.stages[1].values)
  }

  @Test("the scores of the modulator agree with the reference")
  func scores() throws {
    let golden = try Golden("efficientface_eval")
    var context = BuildContext.fixture(classes: 7, inputSize: 224)
    let network = try EfficientFace(.init(), in: &context)
    context.store.fillFromNames()
    let map = network.trace(of: goldenPictures("input.efficientface", count: 2), .evaluation).stages[0]
    let scope = ParameterScope()
    let modulator = ChannelSpatialModulator(channels: 116, hidden: 7, in: scope / "modulator")
    scope.store.fillFromNames()
    let found = modulator.scores(map, .evaluation)
    let gate = (found.channel * found.spatial).sigmoid()
    for (name, array) in [("channel", found.channel), ("spatial", found.spatial), ("gate", gate)] {
      golden.expectAbridged(StoredArray(channelsFirstOf: array), name, atMost: 2e-4)
    }
  }

  @Test(
    "stem and units decide the levels",
    arguments: [(.large, 32, [4, 2, 1]), (.small, 48, [24, 12, 6])] as [(EfficientFace.Stem, Int, [Int])])
  func levels(_ stem: EfficientFace.Stem, _ size: Int, _ sides: [Int]) throws {
    var context = BuildContext.fixture(inputSize: size)
    let network = try EfficientFace(
      .with { ($0.stem, $0.units, $0.widths) = (stem, [1, 2, 1], [4, 8, 12, 16, 20]) }, in: &context)
    context.store.fill(seed: 1)
    let found = network.features(of: uniformImages("x", count: 2, side: size), .evaluation).levels
    #expect(network.levels.map(\.height) == sides && network.levels.map(\.channels) == [8, 12, 20])
    #expect(found.map(\.shape) == network.levels.map { [2, $0.height, $0.width, $0.channels] })
  }

  @Test("a map that cannot be quartered and halved is refused, in words and numbers")
  func sizes() throws {
    var context = BuildContext.fixture(inputSize: 40)
    let issue = try #require(throws: BuildIssue.self) { try EfficientFace(.init(), in: &context) }
    #expect(issue.message.contains("a map of 10x10") && issue.message.contains("a multiple of 16 pixels"))
    var small = BuildContext.fixture(inputSize: 46)
    let other = try #require(throws: BuildIssue.self) {
      try EfficientFace(.with { $0.stem = .small }, in: &small)
    }
    #expect(other.message.contains("a multiple of 4 pixels"))
  }

  @Test("each bad option is reported under its own key")
  func badOptions() {
    let wrong = { (change: (inout EfficientFace.Options) -> Void) in
      EfficientFace.Options.with(change).allIssues().map(\.key)
    }
    #expect(wrong { $0.units = [1, 2] } == ["units"])
    #expect(wrong { $0.widths = [1, 2] } == ["widths"])
    #expect(wrong { $0.widths = [4, 8, 13, 16, 20] } == ["widths"])
    #expect(wrong { $0.widths = [24, 116, 232, 464, 1024] } == ["widths"])
    #expect(wrong { $0.reduction = 0 } == ["reduction"])
    #expect(wrong { _ in } == [])
  }
}
