import FERCore
import Foundation
import NeuralKit
import TensorKit
import Support

// Components with the smallest possible work, so that these tests lean on no plug-in.

final class FakeBackbone: Backbone {
  struct Options: ComponentOptions {
    @Option("Channels of the only level.", 1...64) var channels = 4
    @Option("Side of the only level.", 1...) var side = 4
    @Option("A number.", above: 0) var ratio: Float = 0.5
    @Option("A word.", oneOf: ["plain", "fancy"]) var style = "plain"
    @Option("A switch.") var deep = false
    @Option("A list.", 1...) var units = [1, 2]
    @Option("A file.") var table: FilePath = ""
  }
  let levels: [PyramidLevel]
  let weight: Parameter
  let step: Int

  init(_ options: Options, in context: inout BuildContext) throws {
    step = context.inputSize / options.side
    levels = [PyramidLevel(height: options.side, width: options.side, channels: options.channels)]
    weight = context.scope.parameter("weight", [options.channels, 3], .pytorchDefault(fanIn: 3))
    guard context.inputSize % options.side == 0 else {
      throw BuildIssue(
        "side", "must divide the input size: \(options.side) does not divide \(context.inputSize)")
    }
  }

  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: [images.strided(by: step).linear(weight: pass[weight], bias: nil)])
  }
}

final class FakeLandmarks: LandmarkExtractor {
  typealias Options = NoOptions
  let levels = [PyramidLevel(height: 4, width: 4, channels: 2)]
  let weight: Parameter
  let step: Int

  init(_ options: NoOptions, in context: inout BuildContext) {
    step = context.inputSize / 4
    weight = context.scope.parameter("weight", [2, 3], .pytorchDefault(fanIn: 3))
  }

  func landmarks(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: [images.strided(by: step).linear(weight: pass[weight], bias: nil)])
  }
}

final class FakeEncoder: Encoder {
  struct Options: ComponentOptions {
    @Option("Windows of each level.", 1...) var windows = [2]
  }
  let embeddingSize: Int

  init(_ options: Options, in context: inout BuildContext) throws {
    guard let level = context.imageLevels.first else { throw BuildIssue("", "needs a level") }
    guard level.height % options.windows[0] == 0 else {
      throw BuildIssue(
        "windows", "must divide its map: \(options.windows[0]) does not divide \(level.height)")
    }
    embeddingSize = level.channels + (context.landmarkLevels.first?.channels ?? 0)
  }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    let maps = [image.levels[0]] + (landmarks.map { [$0.levels[0]] } ?? [])
    return Encoding(embedding: Tensor.concatenated(maps, along: 3).globalAveragePooled())
  }
}

final class FakeHead: Head {
  typealias Options = NoOptions
  let output: Linear
  init(_ options: NoOptions, in context: inout BuildContext) throws {
    output = Linear(from: try context.embeddingSize(), to: context.classCount, in: context.scope / "out")
  }
  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    HeadOutput(logits: output(encoding.embedding, pass))
  }
}

extension EvidenceKey {
  /// `[C, K, D]`
  static let anchors = EvidenceKey("anchors", .shared)
}

final class FakeAnchor: CorrectionTerm {
  struct Options: ComponentOptions {
    @Option("Anchors per class.", 1...) var perClass = 10
    @Option("Temperature.", above: 0) var delta: Float = 1
  }
  static func provides(_ options: Options) -> [EvidenceKey] { [.anchors] }
  let anchors: Parameter
  init(_ options: Options, in context: inout BuildContext) throws {
    let shape = [context.classCount, options.perClass, try context.embeddingSize()]
    anchors = context.scope.parameter("anchors", shape, .normal(deviation: 1))
  }
  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    let shift = pass[anchors].sum() * 1e-3
    return Correction(
      distribution: (prediction.embedding.sum(along: 1, keepingDimensions: true) * 0 + prediction.distribution
        + shift)
        .softmax(along: -1), evidence: [.anchors: pass[anchors]])
  }
}

final class FakeAttentive: CorrectionTerm {
  struct Options: ComponentOptions {
    @Option("Heads.", 1...) var headCount = 8
    @Option("Dropout.", 0..<1) var dropout: Float = 0
  }
  init(_ options: Options, in context: inout BuildContext) throws {}
  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    Correction(distribution: prediction.distribution)
  }
}

final class FakeNLL: Loss {
  static var scope: LossScope { .samples }
  struct Options: ComponentOptions {
    @Option("Smoothing.", 0..<1) var smoothing: Float = 0
  }
  init(_ options: Options, in context: inout BuildContext) throws {}
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    -(outcome.final + 1e-12).log().mean(along: 1)
  }
}

final class FakeAnchorLoss: Loss {
  typealias Options = NoOptions
  static var scope: LossScope { .parameters }
  static func requires(_ options: NoOptions) -> [EvidenceKey] { [.anchors] }
  init(_ options: NoOptions, in context: inout BuildContext) throws {}
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    outcome.evidence[.anchors]?.squared().mean() ?? .zeros([1])
  }
}

final class FakeSampler: Sampler {
  struct Options: ComponentOptions {
    @Option("Per class.", 1...) var perClass = 500
  }
  init(_ options: Options) {}
  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    Array(samples.indices)
  }
}

struct FakeAugmentation: Augmentation {
  struct Options: ComponentOptions {
    @Option("Degrees.", 0...180) var degrees: Float = 10
  }
  init(_ options: Options) {}
  func apply(to image: inout Image, size: Int, random: inout RandomSource) {}
}

struct FakeDataset: Dataset {
  struct Options: ComponentOptions {
    @Option("Folder.") var root: FilePath = ""
    @Option("Images.", 1...) var count = 8
  }
  let options: Options
  init(_ options: Options) { self.options = options }
  func load(_ request: DataRequest) -> any LoadedDataset { Drawn(count: options.count) }

  /// Sample i has class i mod 3 and is i + 1 pixels wide; nothing is looked at that was asked for.
  struct Drawn: LoadedDataset {
    let count: Int
    var samples: [Sample] { (0..<count).map { Sample(id: "drawn/\($0)", label: $0 % 3) } }
    func image(at index: Int) -> Image {
      Image(width: index + 1, height: 2, pixels: .init(repeating: 0, count: 6 * index + 6))
    }
  }
}

struct FakeViews: Views {
  struct Options: ComponentOptions {
    @Option("Views of a sample.") var count = 2
    @Option("Which shows the whole face; below 0: none.") var whole = 0
  }
  let plan: ViewPlan
  init(_ options: Options) {
    plan = ViewPlan(count: options.count, wholeFace: options.whole < 0 ? nil : options.whole)
  }
  func boxes(width: Int, height: Int, random: RandomSource) -> [Box] {
    (0..<plan.count).map { _ in Box(left: 0, top: 0, right: width, bottom: height) }
  }
}

final class FakePolicy: LabelPolicy {
  typealias Options = NoOptions
  init(_ options: NoOptions) {}
}

struct FakeDetector: FaceDetector {
  typealias Options = NoOptions
  init(_ options: NoOptions) {}
  func faces(in image: Image) -> [DetectedFace] { [] }
}

enum FakePlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.backbones.register("tiny", FakeBackbone.self, "one linear map")
    try registry.landmarks.register("points", FakeLandmarks.self)
    try registry.encoders.register("pool", FakeEncoder.self)
    try registry.heads.register("line", FakeHead.self)
    try registry.corrections.register("anchor", FakeAnchor.self)
    try registry.corrections.register("attentive", FakeAttentive.self)
    try registry.losses.register("nll", FakeNLL.self)
    try registry.losses.register("anchor", FakeAnchorLoss.self)
    try registry.samplers.register("all", FakeSampler.self)
    try registry.augmentations.register("rotate", FakeAugmentation.self)
    try registry.views.register("whole", FakeViews.self)
    try registry.faceDetectors.register("blind", FakeDetector.self)
    try registry.labelPolicies.register("none", FakePolicy.self)
    try registry.datasets.register("drawn", FakeDataset.self)
    try registry.optimizers.register("adam", Adam.self)
    try registry.schedules.register("constant", ConstantSchedule.self)
  }
}

/// A recipe in which every section is present.
let wholeRecipe = """
  {
    name: "whole", seed: 7, classes: ["calm", "glad", "cross"],
    data: { train: { use: "drawn", count: 4 }, validation: { use: "drawn" } },
    input: { size: 8, augment: [{ use: "rotate", degrees: 5 }] },
    sampler: { use: "all" },
    model: {
      backbone: { use: "tiny" }, landmarks: { use: "points", frozen: true }, encoder: { use: "pool" },
      reduction: 5, head: { use: "line", learningRateScale: 2 },
      corrections: { anchor: { perClass: 2 }, attentive: {} },
    },
    losses: { nll: { smoothing: 0.1 }, anchor: { weight: 0.1 } },
    training: { epochs: 3, batch: 4, optimizer: { use: "adam" }, schedule: { use: "constant" } },
  }
  """

/// A folder that goes when the test ends.
final class Workshop {
  let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "arbex-recipe-tests-\(ProcessInfo.processInfo.globallyUniqueString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let path = "\(folder)/\(name)"
    try FileManager.default.createDirectory(
      atPath: PathText.folder(of: path), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  func load(_ name: String, _ overrides: String..., and plugins: [any Plugin.Type] = []) throws -> Recipe {
    try Recipe.load(
      path: "\(folder)/\(name)", overrides: overrides,
      registry: Registry(plugins: [FakePlugin.self] + plugins))
  }

  /// The report of what is wrong, with this folder's path left out; "" where nothing is.
  func report(
    _ name: String = "a.json5", _ overrides: String..., and plugins: [any Plugin.Type] = []
  ) throws -> String {
    do {
      _ = try Recipe.load(
        path: "\(folder)/\(name)", overrides: overrides,
        registry: Registry(plugins: [FakePlugin.self] + plugins))
      return ""
    } catch let problems as RecipeProblems {
      return problems.description.replacing(folder + "/", with: "")
    }
  }
}
