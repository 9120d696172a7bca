import FERCore
import FERTraining
import Foundation
import NeuralKit
import TensorKit

// The smallest model that has everything a checkpoint must not forget: batch norm, dropout, several parts.

final class TinyBackbone: Backbone {
  let levels = [PyramidLevel(height: 4, width: 4, channels: 6)]
  private let convolution: Convolution
  private let norm: BatchNorm

  init(_ options: NoOptions, in context: inout BuildContext) {
    convolution = Convolution(from: 3, to: 6, kernel: 3, padding: 1, bias: false, in: context.scope / "conv")
    norm = BatchNorm(6, in: context.scope / "norm")
  }

  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: [norm(convolution(images, pass), pass).relu()])
  }
}

final class TinyEncoder: Encoder {
  let embeddingSize = 6
  private let dropout: Dropout

  init(_ options: NoOptions, in context: inout BuildContext) {
    dropout = Dropout(0.2, in: context.scope / "dropout")
  }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Tensor {
    dropout(image.levels[0].globalAveragePooled(), pass)
  }
}

final class TinyHead: Head {
  private let output: Linear

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    output = Linear(from: try context.embeddingSize(), to: context.classCount, in: context.scope / "out")
  }

  func classify(_ embedding: Tensor, _ pass: ForwardPass) -> HeadOutput {
    HeadOutput(logits: output(embedding, pass))
  }
}

final class TinyCorrection: CorrectionTerm {
  static var provides: [EvidenceKey] { [] }
  private let output: Linear

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    output = Linear(from: try context.embeddingSize(), to: context.classCount, in: context.scope / "out")
  }

  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    Correction(distribution: output(prediction.embedding, pass).softmax(along: -1))
  }
}

final class TinyLoss: Loss {
  init(_ options: NoOptions, in context: inout BuildContext) {}

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    let classes = outcome.final.shape[1]
    let target = Tensor(
      [targets.labels.count, classes],
      targets.labels.flatMap { label in
        (0..<classes).map { $0 == label ? Float(1) : 0 }
      })
    return -(target * (outcome.final + 1e-6).log()).sum(along: 1).mean()
  }
}

final class TinySampler: Sampler {
  init(_ options: NoOptions, in context: inout BuildContext) {}

  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    return random.shuffled(Array(samples.indices))
  }
}

struct TinyDataset: Dataset {
  init(_ options: NoOptions, in context: inout BuildContext) {}
  func load(classes: [String]) throws -> any LoadedDataset { throw DataProblem("", "not in this test") }
}

enum TinyPlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.backbones.register("tiny", TinyBackbone.self)
    try registry.encoders.register("tiny", TinyEncoder.self)
    try registry.heads.register("tiny", TinyHead.self)
    try registry.corrections.register("tiny", TinyCorrection.self)
    try registry.losses.register("tiny", TinyLoss.self)
    try registry.samplers.register("tiny", TinySampler.self)
    try registry.datasets.register("tiny", TinyDataset.self)
  }
}

/// Faces of three kinds, four by four pixels: which colour is brightest tells the class.
struct TinyImages: BatchSource {
  struct Crash: Error {}

  let samples: [Sample]
  /// The batch at which reading fails, counted from the first that is asked for.
  var crashesAt: Int?
  /// The sample whose pixels are not numbers.
  var brokenSample: Int?

  init(count: Int, crashesAt: Int? = nil, brokenSample: Int? = nil) {
    samples = (0..<count).map { Sample(id: "face \($0)", label: $0 % 3) }
    self.crashesAt = crashesAt
    self.brokenSample = brokenSample
  }

  func stream(_ request: BatchRequest) -> any BatchStream { Stream(source: self, request) }

  private func pixels(_ index: Int, _ epoch: Int?) -> [Float] {
    var random = RandomSource(
      seed: 5, stream: "pixels", epoch: UInt64(epoch ?? 1_000_000), sample: UInt64(index))
    return (0..<48).map { place in
      if index == brokenSample { return .nan }
      return random.normal() * 0.8 + (place % 3 == samples[index].label ? 1 : 0)
    }
  }

  final class Stream: BatchStream {
    private let source: TinyImages
    private let request: BatchRequest
    private var number: Int
    let problems: [String] = []
    var skipped: [Int] { request.alreadySkipped }

    init(source: TinyImages, _ request: BatchRequest) {
      (self.source, self.request, number) = (source, request, request.firstBatch)
    }

    func next() throws -> LabelledBatch? {
      guard number < request.batchCount else { return nil }
      let epoch = request.epoch
      if epoch != nil, number == source.crashesAt { throw Crash() }
      defer { number += 1 }
      let batch = request.order.dropFirst(number * request.batchSize).prefix(request.batchSize)
      return LabelledBatch(
        number: number, images: Tensor([batch.count, 4, 4, 3], batch.flatMap { source.pixels($0, epoch) }),
        labels: batch.map { source.samples[$0].label }, ids: batch.map { source.samples[$0].id })
    }
  }
}

/// A folder that goes with the test, a recipe in it, and runs of that recipe.
final class Workshop {
  let path: String
  let recipe: Recipe

  init(_ overrides: String...) throws {
    path = NSTemporaryDirectory() + "arbex-training-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let text = """
      {
        name: "tiny", seed: 3, classes: ["red", "<b>green</b>", "=blue"],
        data: { train: { use: "tiny" }, validation: { use: "tiny" } },
        input: { size: 8 }, sampler: { use: "tiny" },
        model: {
          backbone: { use: "tiny" }, encoder: { use: "tiny" }, head: { use: "tiny" }, corrections: { tiny: {} },
        },
        losses: { tiny: {} },
        training: {
          epochs: 2, batch: 5, ema: 0.9, gradientClip: 1, checkpointSteps: 2,
          optimizer: { use: "adam", learningRate: 0.02 }, schedule: { use: "cosine", warmup: 1 },
        },
      }
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/tiny.json5"))
    recipe = try Recipe.load(
      path: path + "/tiny.json5", overrides: overrides,
      registry: try Registry(plugins: [TinyPlugin.self, FERTrainingPlugin.self]))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Runs in the folder `name`, from the start or from its last checkpoint. Twenty-one images in batches of 5: the
  /// last batch of one is left out, so an epoch has four steps.
  @discardableResult
  func run(
    _ name: String, train: TinyImages = TinyImages(count: 21), steps: Int? = nil, warnings: Warnings? = nil
  ) throws -> Trainer.End {
    let folder = path + "/" + name
    let run = RunFolder.isRun(folder) ? try RunFolder.resume(folder) : try RunFolder.create(folder)
    try AtomicFile.write(recipe.text, to: run.file("recipe.json5"))
    let console = Console(descriptor: warnings?.descriptor ?? -1)
    let trainer = try Trainer(
      recipe, train: train, validation: TinyImages(count: 9), in: run, limits: Trainer.Limits(steps: steps),
      console: console)
    return try trainer.run()
  }

  func bytes(_ file: String) -> Data? { FileManager.default.contents(atPath: path + "/" + file) }

  /// The files that must have the same bytes in equal runs.
  func results(_ name: String) -> [String: Data] {
    let files = [
      "checkpoints/last.safetensors", "checkpoints/best.safetensors", "metrics.jsonl", "predictions.csv",
      "report.html",
    ]
    return Dictionary(uniqueKeysWithValues: files.map { ($0, bytes("\(name)/\($0)") ?? Data()) })
  }
}

/// What a console wrote.
final class Warnings {
  private let path = NSTemporaryDirectory() + "arbex-console-\(UUID().uuidString)"
  let descriptor: Int32

  init() { descriptor = open(path, O_RDWR | O_CREAT, 0o600) }

  deinit {
    close(descriptor)
    unlink(path)
  }

  var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
