import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import ResNet

@Suite("ResNet")
struct ResNetTests {
  /// torchvision counts 11,689,512 and 25,557,032, of which 513,000 and 2,049,000 are the classifier.
  @Test("they have as many parameters as the published ones, under torchvision's names")
  func parameters() throws {
    var context = BuildContext.fixture(inputSize: 224)
    _ = try ResNet18(.init(), in: &context)
    #expect(context.store.trainable.map(\.count).reduce(0, +) == 11_176_512)
    #expect(context.store["layer2.0.downsample.0.weight"]?.shape == [128, 1, 1, 64])
    #expect(context.store["layer1.0.downsample.0.weight"] == nil)
    var deeper = BuildContext.fixture(inputSize: 224)
    _ = try ResNet50(.init(), in: &deeper)
    #expect(deeper.store.trainable.map(\.count).reduce(0, +) == 23_508_032)
    #expect(deeper.store["layer1.0.downsample.0.weight"]?.shape == [256, 1, 1, 64])
    #expect(deeper.store["layer4.2.conv3.weight"]?.shape == [2048, 1, 1, 512])
  }

  @Test(
    "stem and stages decide the levels",
    arguments: [(.large, [1, 2], [8, 4]), (.small, [2, 3], [16, 8])] as [(ResNetStem, [Int], [Int])])
  func levels(_ stem: ResNetStem, _ stages: [Int], _ sides: [Int]) throws {
    var options = ResNet18.Options()
    (options.stem, options.stages, options.widths) = (stem, stages, [4, 8, 8, 8])
    var context = BuildContext.fixture(inputSize: 32)
    let network = try ResNet18(options, in: &context)
    context.store.fill(seed: 1)
    let found = network.features(of: uniformImages("x", count: 2, side: 32), .evaluation).levels
    #expect(network.levels.map(\.height) == sides)
    #expect(found.map(\.shape) == network.levels.map { [2, $0.height, $0.width, $0.channels] })
    #expect(context.store.under("layer4").isEmpty)
  }

  @Test("a first stage without units is the stem alone; later ones need units", arguments: [18, 50])
  func bareStem(_ depth: Int) throws {
    var context = BuildContext.fixture(inputSize: 16)
    func make<Unit>(_: ResNet<Unit>.Type) throws -> any Backbone {
      var options = ResNet<Unit>.Options()
      (options.stem, options.stages, options.widths, options.units) = (.small, [1, 2], [4, 8], [1, 0])
      #expect(options.issues().map(\.key) == ["units"])
      options.units = [0, 1]
      return try ResNet(options, in: &context)
    }
    let network = depth == 18 ? try make(ResNet18.self) : try make(ResNet50.self)
    context.store.fill(seed: 1)
    let found = network.features(of: uniformImages("x", count: 2, side: 16), .evaluation).levels
    #expect(context.store.under("layer1").isEmpty)
    #expect(network.levels.map(\.channels) == [4, depth == 18 ? 8 : 32])
    #expect(found.map(\.shape) == network.levels.map { [2, $0.height, $0.width, $0.channels] })
  }

  /// One number for the whole map and four of its values, by a NumPy program in double precision that loops
  /// over places: widths 8 and 12, two units and one, parameters and image filled from their names.
  @Test(
    "values agree with an independent program",
    arguments: [
      (18, .large, 13.842_089_1, [0.991_345_9, 0.132_499_7, 0, 0]),
      (18, .small, 32.994_809_5, [1.282_099_0, 0.473_746_0, 0, 0]),
      (50, .large, 21.124_863_2, [0.440_280_8, 1.205_388_8, 0, 2.099_327_6]),
      (50, .small, 50.954_467_9, [0.373_907_1, 0.132_304_6, 0, 1.099_714_4]),
    ] as [(Int, ResNetStem, Double, [Float])])
  func values(_ depth: Int, _ stem: ResNetStem, _ norm: Double, _ last: [Float]) throws {
    let map = depth == 18 ? try map(of: ResNet18.self, stem) : try map(of: ResNet50.self, stem)
    #expect(abs(StoredArray(channelsFirstOf: map).norm - norm) < 1e-5 * norm)
    expectClose(Tensor([4], Array(map.values.suffix(4))), last, absolute: 1e-5)
  }

  private func map<Unit>(of network: ResNet<Unit>.Type, _ stem: ResNetStem) throws -> Tensor {
    var options = ResNet<Unit>.Options()
    (options.stem, options.stages, options.widths, options.units) = (stem, [2], [8, 12], [2, 1])
    var context = BuildContext.fixture(inputSize: 32)
    let network = try ResNet(options, in: &context)
    context.store.fillFromNames()
    return network.features(of: uniformImages("input.resnet", count: 2, side: 32), .evaluation).levels[0]
  }

  @Test("stages must be rising and exist")
  func badOptions() {
    var options = ResNet50.Options()
    options.stages = [3, 2]
    #expect(options.allIssues().map(\.key) == ["stages"])
    options.stages = [5]
    #expect(options.allIssues().map(\.key) == ["stages"])
  }
}
