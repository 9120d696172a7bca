import NeuralKit
import Support

/// What a recipe says of itself.
public struct RecipeHeader: ComponentOptions {
  @Option("Name of the experiment and of its run folder. Empty: the file's name.")
  public var name = ""
  @Option("Every random number follows from it.", 0...)
  public var seed = 1
  @Option("Class names in the model's order. Everything maps by name, never by index.")
  public var classes: [String] = []

  /// The defaults.
  public init() {}

  /// What a single option's range cannot tell.
  public func issues() -> [OptionIssue] {
    let isPlain = name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) } && !name.hasPrefix(".")
    let found = JSONValue.quoted(name)
    let badName = OptionIssue(
      "name", "names a folder, so it must be made of letters, digits, \"-\", \"_\" and \".\"; is \(found)")
    return (isPlain ? [] : [badName]) + classIssues.map { OptionIssue("classes", $0) }
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

/// How an image becomes the model's input.
public struct InputOptions: ComponentOptions {
  @Option("Side of the model's square input, in pixels.", 8...2048)
  public var size = 224
  @Option(
    "Side of the square that images are brought to before the augmentations, in pixels. 0: none.", 0...4096)
  public var resize = 0
  @Option("Mean and deviation taken from the pixels.", oneOf: ["imagenet", "half", "none"])
  public var normalize = "imagenet"
  @Option(
    "Whether making an image smaller averages over what it leaves out, as Pillow does; else as PyTorch's bilinear."
  )
  public var antialias = true

  /// The defaults.
  public init() {}

  /// What a single option's range cannot tell.
  public func issues() -> [OptionIssue] {
    resize == 0 || resize >= size
      ? [] : [OptionIssue("resize", "must be 0 or at least the input size, \(size), is \(resize)")]
  }
}

/// What holds for all datasets of a recipe.
public struct DataOptions: ComponentOptions {
  /// 8192 x 8192.
  public static let standardPixelLimit = 64 << 20

  @Option(
    "Pixels of the largest image that is read. A larger one is bad, before memory is given to it.",
    1...1 << 30)
  public var pixelLimit = standardPixelLimit

  /// The defaults.
  public init() {}
}

/// How long and by what rules training runs.
public struct TrainingOptions: ComponentOptions {
  @Option("Rounds over what the sampler chooses.", 1...1_000_000)
  public var epochs = 100
  @Option("Images in a training step. A batch norm needs at least 2.", 2...65536)
  public var batch = 64
  @Option("Images in a validation step.", 1...65536)
  public var validationBatch = 64
  @Option("Largest norm of all gradients together; beyond it they are scaled down. 0: no limit.", 0...)
  public var gradientClip: Float = 0
  @Option(
    "Decay by step of the weights' running mean, which then validates and is saved as best. 0: none.", 0..<1)
  public var ema: Float = 0
  @Option("Threads that read and prepare images. 0: as many as the machine has.", 0...256)
  public var workers = 0
  @Option(
    "Validation number by which the best checkpoint is chosen.",
    oneOf: ["final accuracy", "final macro F1", "primary accuracy", "primary macro F1", "loss"])
  public var best = "final accuracy"
  @Option("Epochs between two validations; the last epoch is always validated.", 1...)
  public var validateEvery = 1
  @Option("Steps between two checkpoints inside an epoch. 0: only at its end.", 0...)
  public var checkpointSteps = 0
  @Option("Minutes between two checkpoints inside an epoch. 0: only as checkpointSteps says.", 0...)
  public var checkpointMinutes: Float = 10
  @Option("Epochs without a better validation after which training stops. 0: never.", 0...)
  public var patience = 0

  /// The defaults.
  public init() {}
}

/// What a recipe may say of any part of a model, beside the part's own options.
public struct PartOptions: ComponentOptions {
  @Option("File with the part's weights. Empty: it starts from random numbers.")
  public var weights: FilePath = ""
  @Option("Whether training leaves the part as it is.")
  public var frozen = false
  @Option("Multiplies the learning rate of the part's parameters.", 0...)
  public var learningRateScale: Float = 1

  /// The defaults.
  public init() {}
}

/// What a recipe may say of any loss, beside the loss's own options.
public struct LossOptions: ComponentOptions {
  @Option("Factor of this loss in the sum.", 0...)
  public var weight: Float = 1

  /// The defaults.
  public init() {}
}
