import FERCore
import NeuralKit
import TensorKit

// Parts that provide, require and deliver what a recipe tells them to: "score sample, places map".

struct ToldOptions: ComponentOptions {
  @Option("The evidence that it says it provides.") var gives = ""
  @Option("The evidence that it requires.") var needs = ""
  @Option("The evidence that it delivers; empty: what it says it provides.") var delivers = ""
  @Option("The shape of what it delivers, after the rows; empty: as its layout wants.") var shape: [Int] = []

  static func keys(_ text: String) -> [EvidenceKey] {
    text.split(separator: ",").compactMap { item in
      let words = item.split(separator: " ").map(String.init)
      return EvidenceKey.Layout(rawValue: words[1]).map { EvidenceKey(words[0], $0) }
    }
  }

  func evidence(rows: Int) -> Evidence {
    Dictionary(
      uniqueKeysWithValues: Self.keys(delivers.isEmpty ? gives : delivers).map { key in
        let usual = key.layout == .map ? [2, 2] : [1]
        return (key, .ones([rows] + (shape.isEmpty ? usual : shape)))
      })
  }
}

protocol ToldPart: ModelPart where Options == ToldOptions {}
extension ToldPart {
  static func provides(_ options: ToldOptions) -> [EvidenceKey] { ToldOptions.keys(options.gives) }
  static func requires(_ options: ToldOptions) -> [EvidenceKey] { ToldOptions.keys(options.needs) }
}

final class ToldBackbone: Backbone, ToldPart {
  let levels: [PyramidLevel]
  private let options: ToldOptions
  init(_ options: ToldOptions, in context: inout BuildContext) {
    self.options = options
    levels = [PyramidLevel(height: context.inputSize, width: context.inputSize, channels: 3)]
  }
  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: [images], evidence: options.evidence(rows: images.shape[0]))
  }
}

final class ToldEncoder: Encoder, ToldPart {
  let embeddingSize = 3
  private let options: ToldOptions
  init(_ options: ToldOptions, in context: inout BuildContext) { self.options = options }
  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    let pooled = image.levels[0].globalAveragePooled()
    return Encoding(embedding: pooled, evidence: options.evidence(rows: pooled.shape[0]))
  }
}

final class ToldHead: Head, ToldPart {
  private let options: ToldOptions
  init(_ options: ToldOptions, in context: inout BuildContext) { self.options = options }
  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    HeadOutput(logits: encoding.embedding, evidence: options.evidence(rows: encoding.embedding.shape[0]))
  }
}

final class ToldCorrection: CorrectionTerm, ToldPart {
  private let options: ToldOptions
  init(_ options: ToldOptions, in context: inout BuildContext) { self.options = options }
  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    Correction(
      distribution: prediction.distribution,
      evidence: options.evidence(rows: prediction.distribution.shape[0]))
  }
}

final class ToldLoss: Loss, ToldPart {
  static var scope: LossScope { .samples }
  init(_ options: ToldOptions, in context: inout BuildContext) {}
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    outcome.final.squared().sum(along: 1)
  }
}

/// A distribution of two classes too few, one that is thrice too much, has a share below 0 or is no number.
final class OddCorrection: CorrectionTerm {
  struct Options: ComponentOptions {
    @Option("What is wrong.", oneOf: ["narrow", "thrice", "negative", "nan"]) var fault = "narrow"
  }
  private let options: Options
  init(_ options: Options, in context: inout BuildContext) { self.options = options }
  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    let given = prediction.distribution
    let distribution =
      switch options.fault {
      case "narrow": given.sliced(along: 1, from: 0, count: 2)
      case "thrice": given * 3
      case "negative": given + Tensor([3], [1, -1, 0])
      default: given * .nan
      }
    return Correction(distribution: distribution)
  }
}

/// Says that it is of samples and takes the mean itself, is no number, or weighs rows by what are no weights.
final class OddLoss: Loss {
  struct Options: ComponentOptions {
    @Option("What is wrong.", oneOf: ["mean", "infinite", "few weights", "negative weight"])
    var fault = "mean"
  }
  static var scope: LossScope { .samples }
  private let options: Options
  init(_ options: Options, in context: inout BuildContext) { self.options = options }
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    let value = outcome.final.squared().sum(along: 1)
    switch options.fault {
    case "mean": return value.mean()
    case "infinite": return value * .infinity
    default: return value
    }
  }
  func rowWeights(_ targets: Targets, _ pass: ForwardPass) -> [Float]? {
    switch options.fault {
    case "few weights": [1]
    case "negative weight": [1, -1]
    default: nil
    }
  }
}

enum ToldPlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.backbones.register("told", ToldBackbone.self)
    try registry.encoders.register("told", ToldEncoder.self)
    try registry.heads.register("told", ToldHead.self)
    try registry.corrections.register("told", ToldCorrection.self)
    try registry.corrections.register("odd", OddCorrection.self)
    try registry.losses.register("told", ToldLoss.self)
    try registry.losses.register("odd", OddLoss.self)
  }
}

/// A recipe of such parts alone.
let toldRecipe = """
  {
    name: "told", classes: ["calm", "glad", "cross"], data: { train: { use: "drawn" } },
    input: { size: 8 }, sampler: { use: "all" },
    model: { backbone: { use: "told" }, encoder: { use: "told" }, head: { use: "told" } },
    losses: { told: {} }, training: { optimizer: { use: "adam" }, schedule: { use: "constant" } },
  }
  """
