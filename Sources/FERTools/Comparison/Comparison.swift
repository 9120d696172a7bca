import FERCore
import FERTraining
import Foundation
import Support

/// Runs side by side: what differs in their recipes, how they do, and whether it is more than chance.
package struct Comparison {
  /// Two runs' answers to the same images.
  package struct Pair {
    package let first, second: ComparedRun
    /// Nil where they cannot be put side by side; then a remark tells why.
    package let answers: PairedAnswers?
  }

  /// In the order in which they were named.
  package let runs: [ComparedRun]
  /// Runs that differ only in their seed.
  package let groups: [RunGroup]
  /// The images that they were judged by.
  package let split: DataSplit
  /// Runs of different groups, seed by seed where they have seeds in common.
  package let pairs: [Pair]
  /// Of each run; nil where there are no embeddings, or the scores are undefined.
  package let clusters: [ClusterScores?]
  /// What has to be known to read the numbers, in sentences.
  package let remarks: [String]

  /// Beyond so many groups only the first is tested against the others.
  private static let testedGroups = 6

  /// - Parameter runs: at least one.
  /// - Throws: ``FileProblem`` where what a run noted of its data cannot be read.
  package init(_ runs: [ComparedRun], _ request: ComparisonRequest) throws {
    self.runs = runs
    split = request.split
    groups = RunGroup.groups(of: runs)
    clusters = runs.map { run in
      run.embeddings.flatMap { embeddings in
        ClusterScores(embeddings, labels: run.set.samples.prefix(embeddings.shape[0]).map(\.label))
      }
    }
    let data = try DataComparison(runs)
    var (pairs, obstacles) = ([Pair](), [String]())
    for (place, group) in groups.enumerated() {
      let others = place == 0 || groups.count <= Self.testedGroups ? groups.dropFirst(place + 1) : []
      for (first, second) in others.flatMap({ Self.tested(group, $0) }) {
        do throws(PairedAnswers.Obstacle) {
          if let difference = data.difference(request.split, first, second) {
            throw PairedAnswers.Obstacle(description: difference)
          }
          pairs.append(Pair(first: first, second: second, answers: try PairedAnswers(first.set, second.set)))
        } catch {
          pairs.append(Pair(first: first, second: second, answers: nil))
          obstacles.append(
            "\(first.name) and \(second.name) are not tested against each other, and their numbers cannot be compared: "
              + error.description)
        }
      }
    }
    self.pairs = pairs
    remarks = runs.flatMap(\.remarks) + Self.remarks(runs, groups, request, data) + obstacles
  }

  /// The runs of two groups that are tested against each other: those of a seed that both have, else the first ones.
  private static func tested(_ one: RunGroup, _ other: RunGroup) -> [(ComparedRun, ComparedRun)] {
    let common = one.runs.compactMap { run in
      other.runs.first { $0.recipe.seed == run.recipe.seed }.map { (run, $0) }
    }
    return common.isEmpty ? [(one.runs[0], other.runs[0])] : common
  }

  private static func remarks(
    _ runs: [ComparedRun], _ groups: [RunGroup], _ request: ComparisonRequest, _ data: DataComparison
  ) -> [String] {
    var told: [String] = []
    if request.readsPredictions {
      told.append("answers are those of each run's predictions.csv, of its best weights")
    }
    if request.split == .validation, runs.contains(where: { $0.weights == .best }) {
      told.append(
        "best weights were chosen on these validation images, so they look better than they are; --weights last and "
          + "--split test were not chosen so")
    }
    if request.split == .train { told.append("the models have learned these images by heart") }
    if Set(runs.map(\.weights)).count > 1 {
      told.append("some runs have no best weights; their last are judged")
    }
    if groups.count > 1, groups.contains(where: { $0.runs.count > 1 }) {
      let single = groups.filter { $0.runs.count == 1 }.map(\.name)
      if !single.isEmpty {
        told.append("of one seed alone, so nobody knows how much chance there is in it: \(single.listed())")
      }
    }
    for run in runs.dropFirst() {
      if let difference = data.difference(.train, runs[0], run) {
        told.append("\(runs[0].name) and \(run.name) were trained on different images: \(difference)")
      }
    }
    return told
  }

  /// By how much a group's quantity differs from the first group's.
  func difference(_ quantity: Quantity<RunScores>, _ group: RunGroup) -> MeanDifference {
    MeanDifference(from: groups[0].values(quantity), to: group.values(quantity))
  }

  /// The values of recipes that are not the same in all groups, by path.
  package var recipeDifferences: [(path: String, values: [String?])] {
    let settings = groups.map { $0.runs[0].settings }
    return Set(settings.flatMap(\.keys)).sorted().compactMap { path in
      let values = settings.map { $0[path] }
      return values.allSatisfy { $0 == values[0] } ? nil : (path, values)
    }
  }

  /// The quantities that any run has.
  var quantities: [Quantity<RunScores>] {
    RunScores.quantities.filter { quantity in
      groups.contains { $0.scores.contains { quantity.value($0) != nil } }
    }
  }
}

/// Whether runs were trained on, and validated by, the same files: by what each noted when it began.
struct DataComparison {
  private let noted: [String: Data]

  /// - Throws: ``FileProblem`` where a run's note cannot be read.
  init(_ runs: [ComparedRun]) throws {
    noted = Dictionary(
      try runs.map {
        ($0.path, try FileSystem.contents("\($0.path)/\(DataFingerprint.name)") ?? Data())
      }
    ) { first, _ in first }
  }

  /// The first difference between two runs' files of a set, in words; nil where there is none, or nobody can tell.
  func difference(_ split: DataSplit, _ first: ComparedRun, _ second: ComparedRun) -> String? {
    guard let one = noted[first.path], let other = noted[second.path], one != other, !one.isEmpty,
      !other.isEmpty, let before = try? DataFingerprint(ofRun: first.path),
      let after = try? DataFingerprint(ofRun: second.path)
    else { return nil }
    let told = before.only([split.rawValue]).differences(to: after.only([split.rawValue]))
    return told.first.map { $0 + (told.count > 1 ? ", and \(told.count - 1) more" : "") }
  }
}
