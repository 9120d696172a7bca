import NeuralKit

/// The options of losses that aim at ``Targets/distribution(classCount:smoothing:)``.
public struct TargetOptions: ComponentOptions {
  @Option("Share of the target that is spread evenly over all classes.", 0..<1) public var smoothing: Float =
    0
  @Option(
    "How much a row of each class counts in training, a number for each class in their order; or \"balanced\": N / (C·n), "
      + "N training images of C classes, n of the row's. The loss is Σ w·l / Σ w. Validation counts all rows the same.",
    0...)
  public var classWeights = ClassWeights.even

  /// No smoothing, all classes alike.
  public init() {}

  /// Finds what the number of classes does not allow.
  /// - Throws: `BuildIssue` naming `classWeights`.
  public func check(in context: BuildContext) throws {
    guard case .numbers(let weights) = classWeights, !weights.isEmpty else { return }
    guard weights.count == context.classCount else {
      throw BuildIssue(
        "classWeights", "needs a number for each of the \(context.classCount) classes, has \(weights.count)")
    }
    if !weights.contains(where: { $0 > 0 }) {
      throw BuildIssue("classWeights", "needs a class that counts; all numbers are 0")
    }
  }

  /// What a loss answers to ``Loss/rowWeights(_:_:)``: the weight of each row's class in training.
  public func rowWeights(_ targets: Targets, _ pass: ForwardPass) -> [Float]? {
    guard pass.isTraining else { return nil }
    switch classWeights {
    case .numbers(let weights): return weights.isEmpty ? nil : targets.labels.map { weights[$0] }
    case .balanced:
      guard let counts = targets.classCounts else { return nil }
      let all = Float(counts.reduce(0, +)), classes = Float(counts.count)
      return targets.labels.map { all / (classes * Float(max(1, counts[$0]))) }
    }
  }
}

/// How much the rows of each class count: numbers in the order of the classes, or by how rare a class is.
public enum ClassWeights: OptionValue {
  /// A number for each class; none: all the same.
  case numbers([Float])
  /// N / (C·n): N samples of C classes, n of this one. So ARBEx's authors weigh theirs.
  case balanced

  /// All the same.
  public static let even = ClassWeights.numbers([])

  /// Reads a list of numbers, or the word.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let word = try? container.decode(String.self) {
      guard word == "balanced" else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "must be a list of numbers or \"balanced\", is \"\(word)\"")
      }
      self = .balanced
    } else {
      self = .numbers(try container.decode([Float].self))
    }
  }

  /// The word, or the list.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .balanced: try container.encode("balanced")
    case .numbers(let weights): try container.encode(weights)
    }
  }

  /// As people know it.
  public static var kind: String { "list of numbers, or \"balanced\"" }
  /// Those of the list.
  public var numbers: [Double] {
    guard case .numbers(let weights) = self else { return [] }
    return weights.map(Double.init)
  }
}
