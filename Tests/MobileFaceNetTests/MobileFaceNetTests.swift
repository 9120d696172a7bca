import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import MobileFaceNet

@Suite("MobileFaceNet")
struct MobileFaceNetTests {
  @Test("the 68 points agree with the reference")
  func points() throws {
    let golden = try Golden("mobilefacenet_landmarks")
    var context = BuildContext.fixture(inputSize: 112)
    let network = try MobileFaceNetLandmarks(.init(), in: &context)
    context.store.fillFromNames { "face_landback." + $0 }
    let images = uniformImages("input.face", count: 2, side: 112)
    let evidence = network.landmarks(of: images, .evaluation).evidence
    let found = try #require(evidence[MobileFaceNetLandmarks.points])
    let expected = golden.plain("points").reshaped([2, 68, 2])
    let error = expectRelativeNorm(found, expected, atMost: try Tolerance.read().eval, "points")
    print("golden mobilefacenet_landmarks: \(error)")
  }

  /// The published network has 1,007,248 parameters, of which 96,016 belong to the 136 outputs.
  @Test("it has as many parameters as the published one")
  func parameterCount() throws {
    var context = BuildContext.fixture(inputSize: 112)
    _ = try MobileFaceNetLandmarks(.init(), in: &context)
    #expect(context.store.trainable.map(\.count).reduce(0, +) == 1_007_248)
    var backbone = BuildContext.fixture(inputSize: 112)
    _ = try MobileFaceNetBackbone(.init(), in: &backbone)
    #expect(backbone.store.trainable.map(\.count).reduce(0, +) == 911_232)
  }

  @Test("points: 0 leaves the output layer out")
  func withoutPoints() throws {
    var options = MobileFaceNetLandmarks.Options()
    options.points = 0
    var context = BuildContext.fixture(inputSize: 32)
    let network = try MobileFaceNetLandmarks(options, in: &context)
    context.store.fill(seed: 1)
    #expect(context.store.under("output_layer").isEmpty)
    let found = network.landmarks(of: uniformImages("x", count: 1, side: 32), .evaluation)
    #expect(found.evidence.isEmpty && MobileFaceNetLandmarks.provides(options).isEmpty)
    #expect(MobileFaceNetLandmarks.provides(.init()) == [EvidenceKey("landmark-points", .rows)])
  }

  /// 64, 128 and 512 channels at half width.
  @Test(
    "width multiplies the channels",
    arguments: [(0.5, [32, 64, 256]), (0.1, [8, 16, 48])] as [(Float, [Int])])
  func width(_ width: Float, _ channels: [Int]) throws {
    var options = MobileFaceNetBackbone.Options()
    options.width = width
    var context = BuildContext.fixture(inputSize: 48)
    let network = try MobileFaceNetBackbone(options, in: &context)
    #expect(network.levels.map(\.channels) == channels)
    #expect(network.levels.map(\.height) == [12, 6, 3])
  }
}
