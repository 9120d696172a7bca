import FERCore
import FERData
import FERTools
import FERTraining
import Foundation
import NeuralKit
import TensorKit
import Support
import Testing

// The smallest model that has everything a checkpoint must not forget: batch norm, dropout, several parts.

package final class TinyBackbone: Backbone {
  package typealias Options = NoOptions
  package let levels: [PyramidLevel]
  private let convolution: Convolution
  private let norm: BatchNorm

  package init(_ options: NoOptions, in context: inout BuildContext) {
    levels = [PyramidLevel(height: context.inputSize, width: context.inputSize, channels: 6)]
    convolution = Convolution(from: 3, to: 6, kernel: 3, padding: 1, bias: false, in: context.scope / "conv")
    norm = BatchNorm(6, in: context.scope / "norm")
  }

  package func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: [norm(convolution(images, pass), pass).relu()])
  }
}

package final class TinyEncoder: Encoder {
  package typealias Options = NoOptions
  package let embeddingSize = 6
  private let dropout: Dropout

  package init(_ options: NoOptions, in context: inout BuildContext) {
    dropout = Dropout(0.2, in: context.scope / "dropout")
  }

  package func encode(
    image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass
  ) -> Encoding {
    Encoding(embedding: dropout(image.levels[0].globalAveragePooled(), pass))
  }
}

package final class TinyHead: Head {
  package typealias Options = NoOptions
  private let output: Linear

  package init(_ options: NoOptions, in context: inout BuildContext) throws {
    output = Linear(from: try context.embeddingSize(), to: context.classCount, in: context.scope / "out")
  }

  package func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    HeadOutput(logits: output(encoding.embedding, pass))
  }
}

package final class TinyCorrection: CorrectionTerm {
  package typealias Options = NoOptions
  private let output: Linear

  package init(_ options: NoOptions, in context: inout BuildContext) throws {
    output = Linear(from: try context.embeddingSize(), to: context.classCount, in: context.scope / "out")
  }

  package func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    Correction(distribution: output(prediction.embedding, pass).softmax(along: -1))
  }
}

package final class TinyLoss: Loss {
  package typealias Options = NoOptions
  package static var scope: LossScope { .samples }
  package init(_ options: NoOptions, in context: inout BuildContext) {}

  package func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    let classes = outcome.final.shape[1]
    let target = Tensor(
      [targets.labels.count, classes],
      targets.labels.flatMap { label in
        (0..<classes).map { $0 == label ? Float(1) : 0 }
      })
    return -(target * (outcome.final + 1e-6).log()).sum(along: 1)
  }
}

package final class TinySampler: Sampler {
  package typealias Options = NoOptions
  package init(_ options: NoOptions) {}

  package func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    return random.shuffled(Array(samples.indices))
  }
}

package struct TinyDataset: Dataset {
  package typealias Options = NoOptions
  package init(_ options: NoOptions) {}
  package func load(_ request: DataRequest) throws -> any LoadedDataset {
    throw DataProblem("", "not in this test")
  }
}

package enum TinyPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.backbones.register("tiny", TinyBackbone.self)
    try registry.encoders.register("tiny", TinyEncoder.self)
    try registry.heads.register("tiny", TinyHead.self)
    try registry.corrections.register("tiny", TinyCorrection.self)
    try registry.losses.register("tiny", TinyLoss.self)
    try registry.samplers.register("tiny", TinySampler.self)
    try registry.datasets.register("tiny", TinyDataset.self)
  }
}

/// Faces of three kinds, eight by eight pixels: which colour is brightest tells the class.
package struct TinyImages: BatchSource {
  package struct Crash: Error {}

  package let samples: [Sample]
  /// The batch at which reading fails, counted from the first that is asked for.
  package var crashesAt: Int?
  /// The sample whose pixels are not numbers.
  package var brokenSample: Int?

  package init(count: Int, crashesAt: Int? = nil, brokenSample: Int? = nil) {
    samples = (0..<count).map { Sample(id: "face \($0)", label: $0 % 3) }
    self.crashesAt = crashesAt
    self.brokenSample = brokenSample
  }

  package func stream(_ request: BatchRequest) -> any BatchStream { Stream(source: self, request) }

  private func pixels(_ index: Int, _ epoch: Int?) -> [Float] {
    var random = RandomSource(
      seed: 5, stream: "pixels", epoch: UInt64(epoch ?? 1_000_000), sample: UInt64(index))
    return (0..<192).map { place in
      if index == brokenSample { return .nan }
      return random.normal() * 0.8 + (place % 3 == samples[index].label ? 1 : 0)
    }
  }

  package final class Stream: BatchStream {
    private let source: TinyImages
    private let request: BatchRequest
    private var number: Int
    package let problems: [String] = []
    package var skipped: [Int] { request.alreadySkipped }

    package init(source: TinyImages, _ request: BatchRequest) {
      (self.source, self.request, number) = (source, request, request.firstBatch)
    }

    package func next() throws -> Batch? {
      guard number < request.batchCount else { return nil }
      let epoch = request.epoch
      if epoch != nil, number == source.crashesAt { throw Crash() }
      defer { number += 1 }
      let all = Array(request.order.dropFirst(number * request.batchSize).prefix(request.batchSize))
      let rows = request.part?.places(of: all.count) ?? Array(all.indices), own = rows.map { all[$0] }
      return Batch(
        number: number, images: Tensor([own.count, 8, 8, 3], own.flatMap { source.pixels($0, epoch) }),
        indices: own, firstRow: rows.first ?? 0, of: all)
    }
  }
}

/// A folder that goes with the test, a recipe in it, and runs of that recipe.
package final class Workshop {
  package let path: String
  package let recipe: Recipe

  package convenience init(_ overrides: String...) throws { try self.init(overrides, plugins: []) }

  /// - Parameter plugins: components beside the tiny ones.
  package init(_ overrides: [String], plugins: [any Plugin.Type] = []) throws {
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
          epochs: 2, batch: 5, ema: 0.9, gradientClip: 1, checkpointSteps: 2, logSteps: 1,
          optimizer: { use: "adam", learningRate: 0.02 }, schedule: { use: "cosine", warmup: 1 },
        },
      }
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/tiny.json5"))
    recipe = try Recipe.load(
      path: path + "/tiny.json5", overrides: overrides,
      registry: try Registry(plugins: [TinyPlugin.self, FERTrainingPlugin.self] + plugins))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Runs in the folder `name`, from the start or from its last checkpoint. Twenty-one images in batches of 5: the
  /// last batch of one is left out, so an epoch has four steps.
  @discardableResult
  package func run(
    _ name: String, train: TinyImages = TinyImages(count: 21), steps: Int? = nil, warnings: Warnings? = nil
  ) throws -> Trainer.End {
    let folder = path + "/" + name
    let run = RunFolder.isRun(folder) ? try RunFolder.resume(folder) : try RunFolder.create(folder)
    try AtomicFile.write(recipe.text, to: run.file("recipe.json5"))
    let console = Console(descriptor: warnings?.descriptor ?? -1)
    let trainer = try Trainer(
      recipe, train: train, validation: TinyImages(count: 9), in: run, limits: Trainer.Limits(steps: steps),
      console: console, report: Report.write)
    return try trainer.run()
  }

  package func bytes(_ file: String) -> Data? { FileManager.default.contents(atPath: path + "/" + file) }

  /// The numbers of a column of a run's predictions.csv.
  package func predictions(_ column: String, of name: String) throws -> [Float] {
    let table = String(decoding: try #require(bytes("\(name)/predictions.csv")), as: UTF8.self)
    let lines = table.split(separator: "\r\n").map { $0.split(separator: ",") }
    let place = try #require(lines[0].firstIndex { $0 == column })
    return lines.dropFirst().compactMap { Float($0[place]) }
  }

  /// The files that must have the same bytes in equal runs.
  package func results(_ name: String) -> [String: Data] {
    let files = [
      "checkpoints/last.safetensors", "checkpoints/best.safetensors", "metrics.jsonl", "predictions.csv",
      "report/accuracy.svg", "report/each-class.csv", "steps.csv", "epochs.csv", "data.jsonl",
    ]
    return Dictionary(uniqueKeysWithValues: files.map { ($0, bytes("\(name)/\($0)") ?? Data()) })
  }
}

/// What a console wrote.
package final class Warnings {
  private let path = NSTemporaryDirectory() + "arbex-console-\(UUID().uuidString)"
  package let descriptor: Int32

  package init() { descriptor = open(path, O_RDWR | O_CREAT, 0o600) }

  deinit {
    close(descriptor)
    unlink(path)
  }

  package var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
