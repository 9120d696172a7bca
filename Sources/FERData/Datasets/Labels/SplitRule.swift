import FERCore
import NeuralKit
import TensorKit

/// Cuts a dataset into train, validation and test where its authors did not; an option group.
///
/// Named groups (people, videos) are held out for testing as a whole. Otherwise shares of all images, or of all groups,
/// are drawn: by the seed and the names of classes and groups alone, so that the order of a recipe's classes changes
/// nothing. Images are drawn class by class, the same share of each.
public struct SplitRule: ComponentOptions {
  /// One of the three parts, or all of them.
  public enum Split: String, OptionChoice { case train, validation, test, all }

  @Option("Which images.") public var split = Split.train
  @Option("The groups (people, characters) that test, by name; empty draws testShare of all.")
  public var heldOut: [String] = []
  @Option("The share that validation takes; where groups are held out, of the images of the others.", 0..<1)
  public var validationShare = 0.1
  @Option("The share that testing takes where no group is held out.", 0..<1) public var testShare = 0.2
  @Option("Changes what is drawn.", 0...) public var seed = 1

  /// A tenth for validation and a fifth for testing, drawn with seed 1; training's part.
  public init() {}

  /// Shares that leave a part empty.
  public func issues() -> [OptionIssue] {
    var issues: [OptionIssue] = []
    if split == .validation && validationShare == 0 {
      issues.append(
        OptionIssue(
          "validationShare", "must be above 0 where split is \"validation\"; give train the same share"))
    }
    if split == .test && heldOut.isEmpty && testShare == 0 {
      issues.append(
        OptionIssue("testShare", "must be above 0 where split is \"test\" and heldOut names nobody"))
    }
    if heldOut.isEmpty && validationShare + testShare >= 1 {
      issues.append(OptionIssue("testShare", "leaves nothing for train, together with validationShare"))
    }
    return issues
  }

  /// The samples of the split.
  /// - Parameter classes: the recipe's, by whose names images are drawn.
  /// - Parameter byGroup: whether whole groups are drawn where none is held out.
  /// - Parameter path: what problems name.
  /// - Throws: a ``DataProblem`` at `path` where a held-out group does not exist, or nothing is left.
  public func chosen(
    of samples: [Sample], classes: [String], byGroup: Bool = false, _ path: String
  ) throws(DataProblem) -> [Sample] {
    if split == .all { return samples }
    let groups = Set(samples.map(\.group)).sorted()
    let absent = heldOut.filter { !groups.contains($0) }
    guard absent.isEmpty else {
      throw DataProblem(
        path,
        "heldOut names \(absent.joined(separator: ", ")), which is not among \(groups.joined(separator: ", "))"
      )
    }
    let parts = byGroup && heldOut.isEmpty ? drawnGroups(samples, groups) : drawnImages(samples, classes)
    let own = zip(samples, parts).filter { $0.1 == split }.map(\.0)
    guard !own.isEmpty else {
      throw DataProblem(path, "leaves no images for the split \"\(split.rawValue)\"")
    }
    return own
  }

  private func drawnGroups(_ samples: [Sample], _ groups: [String]) -> [Split] {
    var random = RandomSource(seed: UInt64(bitPattern: Int64(seed)), stream: "split groups")
    let parts = Dictionary(
      zip(random.shuffled(groups), parts(groups.count, testShare: testShare)), uniquingKeysWith: { $1 })
    return samples.map { parts[$0.group] ?? .train }
  }

  private func drawnImages(_ samples: [Sample], _ classes: [String]) -> [Split] {
    var result = samples.map { heldOut.contains($0.group) ? Split.test : .train }
    for (label, name) in classes.enumerated() {
      let members = samples.indices.filter { samples[$0].label == label && result[$0] == .train }
      var random = RandomSource(
        seed: UInt64(bitPattern: Int64(seed)), stream: "split \(ExpressionNames.canonical(name))")
      let parts = parts(members.count, testShare: heldOut.isEmpty ? testShare : 0)
      for (index, part) in zip(random.shuffled(members), parts) { result[index] = part }
    }
    return result
  }

  /// The part of each of `count` things in random order. No share is rounded to nothing, as long as train keeps one.
  private func parts(_ count: Int, testShare: Double) -> [Split] {
    func number(_ share: Double) -> Int { share == 0 ? 0 : max(1, Int((share * Double(count)).rounded())) }
    let test = min(max(0, count - 1), number(testShare))
    let validation = min(max(0, count - 1 - test), number(validationShare))
    return [Split](repeating: .test, count: test) + [Split](repeating: .validation, count: validation)
      + [Split](repeating: .train, count: count - test - validation)
  }
}
