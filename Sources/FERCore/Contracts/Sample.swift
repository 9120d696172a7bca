/// One labelled image, without its pixels.
public struct Sample: Sendable, Equatable {
  /// A name that stays the same between runs: the path below the dataset's root, or "synthetic/17".
  public var id: String
  /// An index into the model's classes.
  public var label: Int
  /// What belongs together (a person, a video); "" where that is not known.
  public var group: String
  /// How several annotators see it: a share for each of the model's classes, together 1. Training then aims at these;
  /// `label` still is what counts as right. Nil where the label is all that is known.
  public var distribution: [Float]?
  /// What else is known of it, by name, for reports to group by: "gender": "female".
  public var attributes: [String: String]

  /// A sample by its stable name.
  public init(
    id: String, label: Int, group: String = "", distribution: [Float]? = nil,
    attributes: [String: String] = [:]
  ) {
    (self.id, self.label, self.group) = (id, label, group)
    (self.distribution, self.attributes) = (distribution, attributes)
  }
}

extension Sample {
  /// What is wrong with its label or its distribution in a model of `classCount` classes; nil where nothing is.
  package func problem(classCount: Int) -> String? {
    guard 0..<classCount ~= label else { return "label \(label) is not in 0...\(classCount - 1)" }
    return distribution.flatMap { Self.problem(withShares: $0, classCount: classCount) }
  }

  /// What is wrong with shares of the classes; nil where nothing is.
  package static func problem(withShares shares: [Float], classCount: Int) -> String? {
    guard shares.count != classCount || !shares.areShares else { return nil }
    return "its distribution has \(shares.count) shares for \(classCount) classes that sum to "
      + "\(shares.reduce(0, +)); each must be at least 0, and the sum 1"
  }
}

extension Collection<Float> {
  /// Whether these are the shares of a whole: none below 0, together 1 but for rounding. False where one is not a number.
  var areShares: Bool { abs(reduce(0, +) - 1) < 1e-3 && allSatisfy { $0 >= 0 } }
}

extension [Sample] {
  /// `indices` (of these samples) cut into one list for each class, each in the order given.
  public func byClass(_ indices: some Sequence<Int>, classCount: Int) -> [[Int]] {
    var classes = [[Int]](repeating: [], count: classCount)
    for index in indices { classes[self[index].label].append(index) }
    return classes
  }
}
