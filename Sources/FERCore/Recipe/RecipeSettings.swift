import NeuralKit
import Support

/// What a recipe says of itself.
package struct RecipeHeader: ComponentOptions {
  @Option("Name of the experiment and of its run folder. Empty: the file's name.") package var name = ""
  @Option("Every random number follows from it.", 0...) package var seed = 1
  @Option("Class names in the model's order. Everything maps by name, never by index.") package var classes:
    [String] = []

  /// What holds where a recipe says nothing.
  package init() {}

  /// What a single option's range cannot tell.
  package func issues() -> [OptionIssue] {
    let isPlain = Self.isName(name)
    let found = JSONValue.quoted(name)
    let badName = OptionIssue(
      "name", "names a folder, so it must be made of letters, digits, \"-\", \"_\" and \".\"; is \(found)")
    return (isPlain ? [] : [badName]) + classIssues.map { OptionIssue("classes", $0) }
  }

  /// Whether a recipe, and so a folder, can be called so.
  package static func isName(_ name: String) -> Bool {
    name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) } && !name.hasPrefix(".")
  }

  private var classIssues: [String] {
    if classes.count < 2 { return ["must name at least 2 classes, names \(classes.count)"] }
    if let empty = classes.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
      return ["must be names, class \(empty) is empty"]
    }
    let repeated = Dictionary(grouping: classes) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
    return repeated.map { "must be different, \(JSONValue.quoted($0)) comes more than once" }
  }
}

/// The order of the colours in a network's input.
package enum ChannelOrder: String, OptionChoice { case rgb, bgr }

/// How an image becomes the model's input.
package struct InputOptions: ComponentOptions {
  /// The sides that an input may have, in pixels.
  private static let sides = 8...2048

  @Option("Side of the model's square input, in pixels.", sides) package var size = 224
  @Option(
    "Side of the square that images are brought to before the augmentations, in pixels. 0: none.", 0...4096)
  package var resize = 0
  @Option(
    "Mean and deviation taken from the pixels: a name, or { mean: [...], deviation: [...] } of the channels.")
  package var normalize = Normalization.imagenet
  @Option("The order in which the network takes the colours; bgr for networks that were trained so.") package
    var channels = ChannelOrder.rgb
  @Option(
    "Whether making an image smaller averages over what it leaves out, as Pillow does; else as PyTorch's bilinear."
  ) package var antialias = true

  /// What holds where a recipe says nothing.
  package init() {}

  /// The side; the standard one in place of one that has been refused, so that no part objects to that too.
  var soundSize: Int { Self.sides.contains(size) ? size : Self().size }

  /// What a single option's range cannot tell.
  package func issues() -> [OptionIssue] {
    let isSmall = resize != 0 && resize < size
    return
      (isSmall ? [OptionIssue("resize", "must be 0 or at least the input size, \(size), is \(resize)")] : [])
      + (normalize.problem.map { [OptionIssue("normalize", $0)] } ?? [])
  }
}

/// What holds for all datasets of a recipe.
package struct DataOptions: ComponentOptions {
  /// 8192 x 8192.
  package static let standardPixelLimit = 64 << 20

  @Option(
    "Pixels of the largest image that is read. A larger one is bad, before memory is given to it.",
    1...1 << 30) package var pixelLimit = standardPixelLimit

  /// What holds where a recipe says nothing.
  package init() {}
}

/// How long and by what rules training runs.
package struct TrainingOptions: ComponentOptions {
  /// Chooses the best checkpoint by the objective, the smaller the better.
  package static let bestByLoss = "loss"

  @Option("Rounds over what the sampler chooses.", 1...1_000_000) package var epochs = 100
  @Option("Images in a training step. A batch norm needs at least 2.", 2...65536) package var batch = 64
  @Option(
    "Pieces that a step's batch goes through the network in, one after another; their gradients add up, which takes less "
      + "memory. Batch norms see one piece at a time. They are whole shards: it divides shards. Of a batch of few images "
      + "there are fewer pieces, each of at least 2.", 1...1024) package var accumulate = 1
  @Option(
    "Parts of a step's batch that every sum over it is made of, each alone and then pairwise. As many processes, or a half, a "
      + "quarter ... of as many, can share a batch, with the bits of one. Another number rounds otherwise.",
    1...1024) package var shards = 4
  @Option("Images in a validation step.", 1...65536) package var validationBatch = 64
  @Option("Largest norm of all gradients together; beyond it they are scaled down. 0: no limit.", 0...)
  package var gradientClip: Float = 0
  @Option(
    "Decay by step of the weights' running mean, which then validates and is saved as best. 0: none.", 0..<1)
  package var ema: Float = 0
  @Option("Threads that read and prepare images. 0: as many as the machine has.", 0...256) package
    var workers = 0
  @Option("Validation number by which the best checkpoint is chosen: a registered metric, or \"loss\".")
  package var best = "final accuracy"
  @Option("Epochs between two validations; the last epoch is always validated.", 1...) package
    var validateEvery = 1
  @Option("Steps between two checkpoints inside an epoch. 0: only at its end.", 0...) package
    var checkpointSteps = 0
  @Option("Minutes between two checkpoints inside an epoch. 0: only as checkpointSteps says.", 0...) package
    var checkpointMinutes: Float = 10
  @Option(
    "Steps between two lines of metrics.jsonl on a single step: losses, learning rate, accuracy in its batch. 0: none.",
    0...) package var logSteps = 10
  @Option("Epochs without a better validation after which training stops. 0: never.", 0...) package
    var patience = 0

  /// What holds where a recipe says nothing.
  package init() {}

  /// What a single option's range cannot tell.
  package func issues() -> [OptionIssue] {
    shards % accumulate == 0
      ? []
      : [
        OptionIssue(
          "accumulate",
          "must divide training.shards, \(shards), so that pieces are whole shards, is \(accumulate)")
      ]
  }
}

/// What a recipe may say of any part of a model, beside the part's own options.
package struct PartOptions: ComponentOptions {
  @Option("File with the part's weights. Empty: it starts from random numbers.") package var weights:
    FilePath = ""
  @Option("Whether training leaves the part as it is.") package var frozen = false
  @Option(
    "Multiplies the learning rate of the part's parameters: a number, or numbers by the beginnings of their names within "
      + "the part, as { \"vit.head\": 10 }.", 0...) package var learningRateScale = LearningRateScale(1)

  /// What holds where a recipe says nothing.
  package init() {}
}

/// What a recipe may say of any loss, beside the loss's own options.
package struct LossOptions: ComponentOptions {
  @Option("Factor of this loss in the sum.", 0...) package var weight: Float = 1

  /// What holds where a recipe says nothing.
  package init() {}
}

/// The words for a ``BadImagePolicy``.
package enum BadImageChoice: String, OptionChoice { case fail, skip, quarantine }

/// What a recipe may say of any dataset, beside the dataset's own options.
package struct DatasetOptions: ComponentOptions {
  @Option("What to do with an image that cannot be read.") package var onBadImage = BadImageChoice.fail
  @Option("The share of bad images up to which leaving them out goes on.", 0...1) package var skipUpTo = 0.01
  @Option("The file that lists the images in quarantine. Empty: quarantine.txt in the dataset's folder.")
  package var quarantine: FilePath = ""
  @Option("Classes of the dataset to leave out.") package var ignore: [String] = []
  @Option("Whether the recipe may have classes that the dataset does not know.") package var allowMissing =
    false

  /// Every image is needed, and every class is known.
  package init() {}

  /// What happens to bad images.
  package var badImages: BadImagePolicy {
    switch onBadImage {
    case .fail: .fail
    case .skip: .skip(upTo: skipUpTo)
    case .quarantine: .quarantine(list: quarantine.text, upTo: skipUpTo)
    }
  }
}

/// What a recipe may say of views, beside their own options.
package struct ViewOptions: ComponentOptions {
  @Option(
    "Whether batch norms of backbone and landmarks see one view at a time in training, in their order, or all "
      + "together.") package var statistics = Statistics.each

  /// What a batch norm sees at once.
  package enum Statistics: String, OptionChoice { case each, together }

  package init() {}
}

/// What a recipe may say of the face detector that made its data, beside the detector's own options.
package struct FaceOptions: ComponentOptions {
  @Option(
    "What was added to a face's box on each side when the faces were cut out, as a share of the box's longer side.",
    0...2) package var margin = 0.1

  package init() {}
}

/// How the learning rate of a part's parameters differs from the others': one factor for all of them, or factors by the
/// beginnings of their names within the part.
package struct LearningRateScale: OptionValue {
  /// The factor of what no name in ``byName`` begins.
  package let all: Float
  /// Factors by the beginning of a name, up to a point of it: "head", "layer4.0".
  package let byName: [String: Float]

  /// One factor for all parameters, but for those named.
  package init(_ all: Float, byName: [String: Float] = [:]) { (self.all, self.byName) = (all, byName) }

  /// Reads a number or an object of numbers.
  package init(from decoder: any Decoder) throws {
    if let number = try? decoder.singleValueContainer().decode(Float.self) {
      self.init(number)
    } else {
      let members = try decoder.container(keyedBy: Key.self)
      self.init(
        1,
        byName: Dictionary(
          uniqueKeysWithValues: try members.allKeys.map {
            ($0.stringValue, try members.decode(Float.self, forKey: $0))
          }))
    }
  }

  /// Writes the number, or an object of numbers.
  package func encode(to encoder: any Swift.Encoder) throws {
    guard !byName.isEmpty else {
      var single = encoder.singleValueContainer()
      return try single.encode(all)
    }
    var members = encoder.container(keyedBy: Key.self)
    for (name, factor) in byName { try members.encode(factor, forKey: Key(stringValue: name)) }
  }

  /// As a recipe's author knows it.
  package static var kind: String { "number, or numbers by name" }
  /// All factors.
  package var numbers: [Double] { ([all] + byName.values).map(Double.init) }

  /// The factor of the parameter of that name within the part: the longest beginning counts.
  func factor(of name: String) -> Float {
    byName.filter { name == $0.key || name.hasPrefix($0.key + ".") }.max { $0.key.count < $1.key.count }?
      .value ?? all
  }

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
