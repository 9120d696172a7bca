import FERCore
import FERTools
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import POSTER

@Suite("The encoder of POSTER")
struct PyramidCrossFusionTests {
  /// What IR-50 and MobileFaceNet deliver for 224x224.
  private static let image = [(56, 64), (28, 128), (14, 256)].map {
    PyramidLevel(height: $0.0, width: $0.0, channels: $0.1)
  }
  private static let landmarks = [(28, 64), (14, 128), (7, 512)].map {
    PyramidLevel(height: $0.0, width: $0.0, channels: $0.1)
  }

  /// From the published totals for 7 classes, less what is not the encoder's: IR-50's stages 17,611,968 and its unused
  /// output layer 12,847,616, the landmark network 1,007,248, the head 3,591, and `cls_token` 512, which is never read.
  @Test(
    "it has the published parameters at every size, with mixing and without",
    arguments: [
      ("small", true, 52_229_135), ("base", true, 62_039_767), ("large", true, 71_850_399),
      ("small", false, 52_107_935), ("base", false, 61_857_967), ("large", false, 71_607_999),
    ])
  func parameters(_ size: String, _ mixing: Bool, _ published: Int) throws {
    var options = PyramidCrossFusion.Options()
    (options.size, options.mixing) = (try #require(.init(rawValue: size)), mixing)
    var context = BuildContext.fixture(inputSize: 224, image: Self.image, landmarks: Self.landmarks)
    let encoder = try PyramidCrossFusion(options, in: &context)
    #expect(encoder.embeddingSize == 512)
    let others = 17_611_968 + 12_847_616 + 1_007_248 + 3_591 + 512
    #expect(context.store.trainable.map(\.count).reduce(0, +) == published - others)
    #expect((context.store["pyramid_fuse.blocks.3.block_s.conv.bias"] != nil) == mixing)
  }

  @Test("names and shapes are the published ones")
  func names() throws {
    var context = BuildContext.fixture(inputSize: 224, image: Self.image, landmarks: Self.landmarks)
    _ = try PyramidCrossFusion(.init(), in: &context)
    for (name, shape) in [
      ("ir_layer.weight", [512, 1024]), ("pyramid_fuse.pos_embed", [1, 50, 512]),
      ("pyramid_fuse.downsample_m.weight", [100, 100, 2]),
      ("pyramid_fuse.downsample_s.weight", [100, 100, 4]),
      ("pyramid_fuse.blocks.7.block_l.attn_img.kv.weight", [1024, 512]),
      ("pyramid_fuse.blocks.0.block_m.attn_lm.proj.bias", [256]),
      ("pyramid_fuse.blocks.0.block_s.mlp2.fc1.weight", [256, 128]),
      ("pyramid_fuse.blocks.6.block_s.norm4.weight", [128]),
      ("pyramid_fuse.blocks.6.block_l.conv.weight", [100, 100, 1]),
      ("pyramid_fuse.blocks.7.upsample_s.weight", [100, 100, 2]), ("pyramid_fuse.norm.bias", [512]),
      ("se_block.linear2.weight", [512, 512]),
    ] {
      #expect(context.store[name]?.fileShape == shape, "\(name)")
    }
    #expect(context.store["landmark_layer.weight"] == nil)
  }

  /// In a map that holds its own place as PyTorch counts, [C, H, W] row by row, number j of token t is 1024 t + j. In
  /// patches, number j of token 8 (row 1, column 1 of 7x7) is channel j mod 256 of place (2, 2), (2, 3), (3, 2), (3, 3).
  @Test("the map is cut as it lies, or by places")
  func reading() throws {
    let places = StoredArray(shape: [1, 256, 14, 14], values: (0..<50_176).map(Float.init)).channelsLast
    let (map, grid) = (Self.image[2], Self.landmarks[2])
    #expect(try MapReading.flat.tokenSize(of: map, at: grid) == 1024)
    #expect(try MapReading.patch.tokenSize(of: map, at: grid) == 1024)
    #expect(MapReading.flat.tokens(of: places, at: grid).values == (0..<50_176).map(Float.init))
    let patches = MapReading.patch.tokens(of: places, at: grid)
    #expect(patches.shape == [1, 49, 1024])
    let eighth = (0..<1024).map { j in
      let (place, channel) = (j / 256, j % 256)
      return Float(channel * 196 + (2 + place / 2) * 14 + 2 + place % 2)
    }
    #expect(Array(patches.values[(8 * 1024)..<(9 * 1024)]) == eighth)
  }

  /// Even steps of 0.1 / 7.
  @Test("the share of dropped branches grows evenly to the last block")
  func dropPaths() {
    let rates = (0..<8).map { PyramidCrossFusion.dropPath(of: $0, in: 8, last: 0.1) }
    let expected: [Float] = [0, 0.014286, 0.028571, 0.042857, 0.057143, 0.071429, 0.085714, 0.1]
    expectClose(Tensor([8], rates), expected, absolute: 1e-6)
    #expect(PyramidCrossFusion.dropPath(of: 0, in: 1, last: 0.1) == 0)
  }

  /// The hidden numbers of the gate are lifted far above ReLU's kink, where no difference would tell a slope.
  @Test(
    "other maps and widths work, and gradients of both pyramids match central differences",
    arguments: [("flat", true, 16), ("patch", true, 16), ("patch", false, 5)])
  func gradients(_ reading: String, _ mixing: Bool, _ landmarkChannels: Int) throws {
    let image = [(8, 2), (4, 3)].map { PyramidLevel(height: $0.0, width: $0.0, channels: $0.1) }
    let landmarks = [(4, 3), (2, landmarkChannels)].map {
      PyramidLevel(height: $0.0, width: $0.0, channels: $0.1)
    }
    var context = BuildContext.fixture(image: image, landmarks: landmarks)
    let encoder = try PyramidCrossFusion(
      .with {
        ($0.width, $0.heads, $0.depth, $0.mixing) = (16, 2, 2, mixing)
        $0.reading = MapReading(rawValue: reading) ?? .flat
      }, in: &context)
    context.store.fillFromNames()
    try #require(context.store["se_block.linear1.bias"]).value = .full([16], 8)
    // Only another number of channels than the tokens' needs a layer.
    #expect((context.store["landmark_layer.weight"] != nil) == (landmarkChannels != 16))
    let maps = [("image map", image[1]), ("landmark map", landmarks[1])].map { name, level in
      let shape = [2, level.height, level.width, level.channels]
      return Tensor(shape, uniform(name, shape.reduce(1, *)))
    }
    checkGradients(at: maps[0], maps[1], step: 5e-3) {
      encoder.encode(
        image: FeaturePyramid(levels: [$0[0]]), landmarks: FeaturePyramid(levels: [$0[1]]), .evaluation
      ).embedding
    }
  }

  @Test("what cannot fit is said in words and numbers")
  func refusals() {
    expect(
      "", "its two streams are of image and landmarks, and the model has no landmark extractor", landmarks: []
    )
    expect("", "needs the levels of a backbone, and none comes before it", image: [])
    let odd = [PyramidLevel(height: 5, width: 5, channels: 512)]
    expect(
      "reading",
      "the 50176 numbers of the backbone's 14x14x256 cannot be cut into 25 equal tokens, one for each place of the "
        + "landmark extractor's 5x5x512", landmarks: odd)
    expect(
      "reading",
      "the backbone's 14x14x256 cannot be cut into 5x5 equal patches, one for each place of the landmark extractor's "
        + "5x5x512", landmarks: odd
    ) { $0.reading = .patch }
    var options = PyramidCrossFusion.Options()
    (options.width, options.heads) = (96, 16)
    #expect(options.allIssues().map(\.key) == ["heads"])
  }

  private func expect(
    _ key: String, _ message: String, image: [PyramidLevel] = Self.image,
    landmarks: [PyramidLevel] = Self.landmarks, sourceLocation: SourceLocation = #_sourceLocation,
    _ change: (inout PyramidCrossFusion.Options) -> Void = { _ in }
  ) {
    var context = BuildContext.fixture(image: image, landmarks: landmarks)
    #expect(throws: BuildIssue(key, message), sourceLocation: sourceLocation) {
      try PyramidCrossFusion(.with(change), in: &context)
    }
  }
}
