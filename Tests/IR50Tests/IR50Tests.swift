import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import IR50

@Suite("IR-50")
struct IR50Tests {
  /// face.evoLVe's stages 1-3 with the first convolution: 1,920 + 222,144 + 1,116,800 + 16,271,104.
  @Test("it has as many parameters as the published one, under its names")
  func parameters() throws {
    var context = BuildContext.fixture(inputSize: 112)
    _ = try IR50(.init(), in: &context)
    #expect(context.store.trainable.map(\.count).reduce(0, +) == 17_611_968)
    for (name, shape) in [
      ("input_layer.0.weight", [64, 3, 3, 3]), ("body1.0.res_layer.4.running_var", [64]),
      ("body2.0.shortcut_layer.0.weight", [128, 1, 1, 64]), ("body3.13.res_layer.2.weight", [256]),
    ] {
      #expect(context.store[name]?.shape == shape, "\(name)")
    }
    #expect(context.store["body1.0.shortcut_layer.0.weight"] == nil)
  }

  @Test(
    "levels follow from the side at which the image is seen",
    arguments: [
      (224, [56, 28, 14]), (112, [56, 28, 14]), (48, [24, 12, 6]), (50, [25, 13, 7]), (200, [50, 25, 13]),
    ])
  func levels(_ inputSize: Int, _ sides: [Int]) throws {
    var options = IR50.Options()
    (options.units, options.widths) = ([1, 1, 1], [4, 4, 8, 8])
    var context = BuildContext.fixture(inputSize: inputSize)
    let network = try IR50(options, in: &context)
    context.store.fill(seed: 1)
    let found = network.features(of: uniformImages("x", count: 1, side: inputSize), .evaluation).levels
    #expect(network.levels.map(\.height) == sides)
    #expect(found.map(\.shape) == zip(sides, [4, 8, 8]).map { [1, $0, $0, $1] })
  }

  @Test("a 224x224 image is seen at every second pixel")
  func view() throws {
    var options = IR50.Options()
    (options.units, options.widths) = ([1], [4, 4])
    var context = BuildContext.fixture(inputSize: 224)
    let network = try IR50(options, in: &context)
    context.store.fill(seed: 1)
    let images = uniformImages("x", count: 1, side: 224)
    // Pixels that are not seen may be anything.
    var values = images.values
    for row in 0..<224 {
      for column in 0..<224 where row % 2 == 1 || column % 2 == 1 {
        for channel in 0..<3 { values[(row * 224 + column) * 3 + channel] = 9 }
      }
    }
    let changed = Tensor(images.shape, values)
    let levels = network.features(of: images, .evaluation).levels
    #expect(levels[0].shape == [1, 56, 56, 4])
    #expect(levels[0].values == network.features(of: changed, .evaluation).levels[0].values)
  }

  @Test("an image that is too small, or not a multiple, is refused in numbers")
  func refusals() throws {
    var small = BuildContext.fixture(inputSize: 4)
    #expect(
      throws: BuildIssue(
        "",
        "sees the image at 4x4 pixels, too few to be halved 3 times; use an input that is seen at 5 pixels or more"
      )
    ) { try IR50(.init(), in: &small) }
    var odd = BuildContext.fixture(inputSize: 225)
    var options = IR50.Options()
    options.scale.view = 120
    #expect(
      throws: BuildIssue(
        "view",
        "the input has 225x225 pixels; seeing at most 120 of a side takes a step of 2, which does not divide 225. Use "
          + "an input size that is a multiple of 2, another view, or 0 for no limit")
    ) { try IR50(options, in: &odd) }
  }

  @Test("units and widths must fit each other")
  func badOptions() {
    var options = IR50.Options()
    options.widths = [64, 64]
    #expect(options.allIssues().map(\.key) == ["widths"])
    options.units = []
    #expect(options.allIssues().map(\.key) == ["units"])
    options.units = [0]
    #expect(options.allIssues().map(\.key) == ["units"])
  }
}
