import FERCore
import NeuralKit
import TensorKit

/// Cuts a dataset into train, validation and test where its authors did not.
///
/// Named groups (people, videos) are held out for testing as a whole. Otherwise shares of all images, or of all groups,
/// are drawn: by the seed and the names of classes and groups alone, so that the order of a recipe's classes changes
/// nothing. Images are drawn class by class, the same share of each.
struct SplitRule {
  /// "train", "validation", "test" or "all".
  var split: String
  /// The groups that testing takes; empty draws `testShare`.
  var heldOut: [String] = []
  /// Whether whole groups are drawn.
  var byGroup = false
  var validationShare = 0.0
  var testShare = 0.0
  var seed: Int

  /// What is wrong between the options that make a rule.
  func issues() -> [OptionIssue] {
    var issues: [OptionIssue] = []
    if split == "validation" && validationShare == 0 {
      issues.append(
        OptionIssue(
          "validationShare", "must be above 0 where split is \"validation\"; give train the same share"))
    }
    if split == "test" && heldOut.isEmpty && testShare == 0 {
      issues.append(
        OptionIssue("testShare", "must be above 0 where split is \"test\" and heldOut names nobody"))
    }
    if heldOut.isEmpty && validationShare + testShare >= 1 {
      issues.append(OptionIssue("testShare", "leaves nothing for train, together with validationShare"))
    }
    return issues
  }

  /// The samples of the split.
  /// - Throws: a ``DataProblem`` at `path` where a held-out group does not exist, or nothing is left.
  func chosen(of samples: [Sample], classes: [String], _ path: String) throws(DataProblem) -> [Sample] {
    if split == "all" { return samples }
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
    guard !own.isEmpty else { throw DataProblem(path, "leaves no images for the split \"\(split)\"") }
    return own
  }

  private func drawnGroups(_ samples: [Sample], _ groups: [String]) -> [String] {
    var random = RandomSource(seed: UInt64(bitPattern: Int64(seed)), stream: "split groups")
    let parts = Dictionary(
      zip(random.shuffled(groups), parts(groups.count, testShare: testShare)), uniquingKeysWith: { $1 })
    return samples.map { parts[$0.group] ?? "train" }
  }

  private func drawnImages(_ samples: [Sample], _ classes: [String]) -> [String] {
    var result = samples.map { heldOut.contains($0.group) ? "test" : "train" }
    for (label, name) in classes.enumerated() {
      let members = samples.indices.filter { samples[$0].label == label && result[$0] == "train" }
      var random = RandomSource(
        seed: UInt64(bitPattern: Int64(seed)), stream: "split \(ExpressionNames.canonical(name))")
      let parts = parts(members.count, testShare: heldOut.isEmpty ? testShare : 0)
      for (index, part) in zip(random.shuffled(members), parts) { result[index] = part }
    }
    return result
  }

  /// The part of each of `count` things in random order. No share is rounded to nothing, as long as train keeps one.
  private func parts(_ count: Int, testShare: Double) -> [String] {
    func number(_ share: Double) -> Int { share == 0 ? 0 : max(1, Int((share * Double(count)).rounded())) }
    let test = min(max(0, count - 1), number(testShare))
    let validation = min(max(0, count - 1 - test), number(validationShare))
    return [String](repeating: "test", count: test) + [String](repeating: "validation", count: validation)
      + [String](repeating: "train", count: count - test - validation)
  }
}
