#if compiler(>=6.2)  // the first with exit tests
  import ARBEx
  import FERCore
  import Foundation
  import NeuralKit
  import TensorKit
  import TestSupport
  import Testing

  /// Components that do what they should not: each ends a training with one sentence that names it, and exit code 1. A
  /// process of its own each, since some faults are found where only the process can end.
  @Suite("Components that fail")
  struct ComponentFaultTests {
    /// Trains with some of the recipe's components in place of the sound ones.
    /// - Returns: the exit code.
    private static func train(_ changes: String...) throws -> Int32 {
      let faces = try ColouredFaces(["train": 4])
      return CommandLineTool.run(
        ["train", faces.recipe, "--out", faces.folder / "run"] + changes.flatMap { ["--set", $0] },
        plugins: [TinyPlugin.self, CrookedPlugin.self],
        output: CommandOutput(
          print: { _ in }, remark: { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }))
    }

    private static func sentence(_ bytes: [UInt8]?) -> [Substring] {
      String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n").filter {
        !$0.hasPrefix("tiny: ") && !$0.hasPrefix("note: ")
      }
    }

    @Test("a correction of another width")
    func correction() async throws {
      let found = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        exit(try ComponentFaultTests.train("model.corrections.mine={use:'narrow'}"))
      }
      #expect(
        Self.sentence(found?.standardErrorContent)
          == ["correction term \"mine\": its distribution has shape [8, 2], expected [8, 3]"])
    }

    @Test("a correction whose own operation does not fit")
    func operation() async throws {
      let found = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        exit(try ComponentFaultTests.train("model.corrections.mine={use:'misfit'}"))
      }
      #expect(
        Self.sentence(found?.standardErrorContent)
          == ["correction term \"mine\": reshape: [2, 6] does not fit [2, 5]"])
    }

    @Test("a loss of another shape than its scope says, and one that weighs too few rows")
    func loss() async throws {
      let shape = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        exit(try ComponentFaultTests.train("losses.mine={use:'rows'}"))
      }
      #expect(
        Self.sentence(shape?.standardErrorContent)
          == ["loss \"mine\": its value has shape [8], expected [1] for a loss of scope parameters"])
      let weights = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        exit(try ComponentFaultTests.train("losses.mine={use:'weighing'}"))
      }
      #expect(
        Self.sentence(weights?.standardErrorContent).first?.hasPrefix(
          "loss \"mine\": it weighs 8 rows by 1 numbers") == true)
    }

    @Test("a backbone that delivers other levels than it declared")
    func backbone() async throws {
      let found = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        exit(try ComponentFaultTests.train("model.backbone={use:'shallow'}"))
      }
      #expect(
        Self.sentence(found?.standardErrorContent)
          == ["backbone \"shallow\": its levels have shapes [[8, 8, 8, 3]], it declared [[8, 4, 4, 3]]"])
    }

    @Test("a sampler that chooses images that are not there")
    func sampler() async throws {
      let found = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        exit(try ComponentFaultTests.train("sampler={use:'far'}"))
      }
      #expect(
        Self.sentence(found?.standardErrorContent)
          == ["sampler \"far\": for epoch 1 it chose image 99, which is not in 0...11"])
    }

    @Test("an augmentation whose image has too few numbers, on a loader's thread")
    func augmentation() async throws {
      let found = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        exit(try ComponentFaultTests.train("input.augment=[{use:'torn'}]", "training.workers=2"))
      }
      #expect(
        Self.sentence(found?.standardErrorContent) == ["augmentation \"torn\": Image: 3 values for 8x8x3"])
    }

    @Test("a part that asks for two parameters of a name is a recipe that cannot be built")
    func parameters() async throws {
      let found = await #expect(processExitsWith: .exitCode(2), observing: [\.standardErrorContent]) {
        exit(try ComponentFaultTests.train("model.head={use:'twice'}"))
      }
      #expect(
        Self.sentence(found?.standardErrorContent) == [
          "command line: model.head: asks for two parameters named head.out.weight",
          "1 problem, nothing was built",
        ])
    }
  }

  private enum CrookedPlugin: Plugin {
    static func register(in registry: inout Registry) throws {
      try registry.backbones.register("shallow", Shallow.self)
      try registry.heads.register("twice", Twice.self)
      try registry.corrections.register("narrow", Narrow.self)
      try registry.corrections.register("misfit", Misfit.self)
      try registry.losses.register("rows", Rows.self)
      try registry.losses.register("weighing", Weighing.self)
      try registry.samplers.register("far", Far.self)
      try registry.augmentations.register("torn", Torn.self)
    }
  }

  private final class Shallow: Backbone {
    let levels = [PyramidLevel(height: 4, width: 4, channels: 3)]
    init(_ options: NoOptions, in context: inout BuildContext) {}
    func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
      FeaturePyramid(levels: [images])
    }
  }

  private final class Twice: Head {
    private let outputs: [Linear]
    init(_ options: NoOptions, in context: inout BuildContext) throws {
      let (size, count) = (try context.embeddingSize(), context.classCount)
      outputs = [1, 2].map { _ in Linear(from: size, to: count, bias: false, in: context.scope / "out") }
    }
    func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
      HeadOutput(logits: outputs[0](encoding.embedding, pass))
    }
  }

  private final class Narrow: CorrectionTerm {
    init(_ options: NoOptions, in context: inout BuildContext) {}
    func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
      Correction(distribution: .full([prediction.embedding.shape[0], 2], 0.5))
    }
  }

  private final class Misfit: CorrectionTerm {
    init(_ options: NoOptions, in context: inout BuildContext) {}
    func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
      Correction(distribution: prediction.embedding.reshaped([prediction.embedding.shape[0], 5]))
    }
  }

  private final class Rows: Loss {
    static var scope: LossScope { .parameters }
    init(_ options: NoOptions, in context: inout BuildContext) {}
    func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
      outcome.final.sum(along: 1)
    }
  }

  private final class Weighing: Loss {
    static var scope: LossScope { .samples }
    init(_ options: NoOptions, in context: inout BuildContext) {}
    func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
      outcome.final.sum(along: 1)
    }
    func rowWeights(_ targets: Targets, _ pass: ForwardPass) -> [Float]? { [1] }
  }

  private final class Far: Sampler {
    init(_ options: NoOptions) {}
    func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] { [0, 99] }
  }

  private struct Torn: Augmentation {
    init(_ options: NoOptions) {}
    func apply(to image: inout Image, size: Int, random: inout RandomSource) {
      image = Image(width: image.width, height: image.height, pixels: [0, 0, 0])
    }
  }
#endif
