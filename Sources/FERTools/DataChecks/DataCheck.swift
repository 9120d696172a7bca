import FERTraining
import FERCore
import FERData
import Foundation
import NeuralKit
import Support

/// Looks at every image of a dataset and says whether one can train with it.
package struct DataCheck {
  /// What was looked at.
  package let subject: DataSubject
  /// Its sets.
  package let sets: [CheckedSet]
  /// The same pictures more than once, by the places in all sets one after the other.
  package let duplicates: Duplicates
  /// Everything found, problems first.
  package private(set) var findings: [DataFinding] = []
  /// The lines to put into a recipe; "" where a recipe was checked.
  package let recipeLines: String

  /// Reads all images on all threads.
  package init(_ subject: DataSubject, registry: Registry, console: Console) {
    self.subject = subject
    let sets = subject.sources.map { source in
      CheckedSet.load(source, of: subject, registry: registry) { done, all in
        console.progress(source.split, share: Double(done) / Double(max(all, 1))) {
          "\(done) of \(all) images"
        }
      }
    }
    console.clearBar()
    self.sets = sets
    places = sets.indices.flatMap { set in sets[set].samples.indices.map { Place(set: set, index: $0) } }
    duplicates = Duplicates(sets.flatMap(\.prints), sets: places.map(\.set))
    recipeLines = subject.layout.map { Self.lines($0, sets) } ?? ""
    let all = layoutFindings + setFindings + duplicateFindings + groupFindings + imageFindings
    let order: [DataFinding.Weight] = [.problem, .warning, .note]
    findings = order.flatMap { weight in all.filter { $0.weight == weight } }
  }

  /// Whether one can train with it (with ``recipeLines``, where a folder was checked).
  package var isUsable: Bool { !findings.contains { $0.weight == .problem } }

  // MARK: places

  struct Place {
    let set: Int
    let index: Int
  }

  let places: [Place]

  func sample(_ place: Int) -> Sample { sets[places[place].set].samples[places[place].index] }
  func split(_ place: Int) -> String { sets[places[place].set].split }
  func className(_ label: Int) -> String {
    subject.classes.indices.contains(label) ? subject.classes[label] : "class \(label)"
  }
  /// "train: happy/0001.jpg"
  func name(_ place: Int) -> String { "\(split(place)): \(sample(place).id)" }
  /// "train: happy/0001.jpg (happy)"
  func labelledName(_ place: Int) -> String { "\(name(place)) (\(className(sample(place).label)))" }

  // MARK: layout and sets

  private var layoutFindings: [DataFinding] {
    var found: [DataFinding] = []
    if let layout = subject.layout, !layout.remark.isEmpty {
      found.append(.init(.note, "layout", layout.remark))
    }
    if !subject.alternatives.isEmpty {
      found.append(
        .init(.note, "other-layouts", "could also be read as \(subject.alternatives.joined(separator: ", "))")
      )
    }
    let classes = subject.classes
    for (index, name) in classes.enumerated() {
      for other in classes[(index + 1)...] {
        if ExpressionNames.canonical(other) == ExpressionNames.canonical(name) {
          found.append(
            .init(.warning, "synonyms", "the classes \(name) and \(other) mean the same; keep one of them"))
        } else if ExpressionNames.isKnown(name) != ExpressionNames.isKnown(other),
          NearestName.of(name, among: [other]) != nil
        {
          found.append(
            .init(
              .warning, "similar-names", "the classes \(name) and \(other) are spelt alike; is one a mistake?"
            ))
        }
      }
    }
    return found
  }

  private var setFindings: [DataFinding] {
    sets.flatMap { set -> [DataFinding] in
      var found = loadFindings(set) + unreadableFindings(set) + classFindings(set)
      for warning in set.warnings { found.append(.init(.warning, "dataset", "\(set.split): \(warning)")) }
      // Classes without images are told by `classFindings`.
      for note in set.notes where !note.hasPrefix("no samples of ") {
        found.append(.init(.note, "dataset", "\(set.split): \(note)"))
      }
      return found
    }
  }

  private func loadFindings(_ set: CheckedSet) -> [DataFinding] {
    guard let problem = set.problem else { return [] }
    let isHelped = subject.layout != nil && set.worksWithMissingClasses
    let help = isHelped ? "; the lines below say allowMissing for it" : ""
    return [.init(isHelped ? .warning : .problem, "unusable-set", "\(set.split): \(problem)\(help)")]
  }

  private func unreadableFindings(_ set: CheckedSet) -> [DataFinding] {
    let (bad, listed) = (set.unreadable.count, set.listed)
    guard bad > 0 else { return [] }
    let policy = Self.policy(
      subject.sources.first { $0.split == set.split }?.options ?? [:], isFolder: subject.recipe == nil)
    let share = Double(bad) / Double(max(1, listed))
    let isTolerated = policy.skips && share <= policy.upTo
    let percent = (share * 100).rounded(places: 2)
    let what = "\(set.split): \(bad) of \(listed) images cannot be read (\(percent) %)"
    let advice =
      if isTolerated {
        subject.recipe == nil ? "; the lines below skip them" : "; the recipe skips them"
      } else if policy.skips {
        "; more than the \((policy.upTo * 100).rounded(places: 2)) % that may be skipped: mend or remove them"
      } else {
        "; the recipe does not skip any: mend or remove them, or set data.\(set.split).onBadImage to \"skip\""
      }
    return [
      .init(
        isTolerated ? .warning : .problem, "unreadable", what + advice,
        set.unreadable.map { "\($0.image): \($0.problem)" })
    ]
  }

  private func classFindings(_ set: CheckedSet) -> [DataFinding] {
    guard !set.samples.isEmpty else { return [] }
    var found: [DataFinding] = []
    let outside = set.samples.filter { !subject.classes.indices.contains($0.label) }
    if !outside.isEmpty {
      found.append(
        .init(
          .problem, "labels-out-of-range",
          "\(set.split): \(outside.count) labels are outside of 0...\(subject.classes.count - 1), the places of the classes",
          outside.map { "\($0.id): \($0.label)" }))
    }
    let counts = set.counts(classCount: subject.classes.count)
    let missing = counts.indices.filter { counts[$0] == 0 }.map(className)
    if !missing.isEmpty {
      let isFatal = set.split == "train" && missing.count >= counts.count - 1
      found.append(
        .init(
          isFatal ? .problem : .warning, "missing-classes",
          "\(set.split): no images of \(missing.joined(separator: ", "))"))
    }
    let present = counts.indices.filter { counts[$0] > 0 }
    if let most = present.max(by: { (counts[$0], $1) < (counts[$1], $0) }),
      let least = present.min(by: { (counts[$0], $0) < (counts[$1], $1) }), counts[most] >= 10 * counts[least]
    {
      let times = (Double(counts[most]) / Double(counts[least])).rounded(places: 1)
      let advice = set.split == "train" ? "; sampler: { use: \"class-balanced\" } evens them out" : ""
      found.append(
        .init(
          .warning, "unequal-classes",
          "\(set.split): \(className(most)) has \(times) times the images of \(className(least)) (\(counts[most]) and "
            + "\(counts[least]))\(advice)"))
    }
    return found
  }

  // MARK: the recipe's side

  /// What a recipe says of bad images. Lines for a folder skip up to a hundredth.
  private static func policy(_ options: [String: JSONValue], isFolder: Bool) -> (skips: Bool, upTo: Double) {
    if isFolder { return (true, foldersSkipUpTo) }
    let share = options["skipUpTo"]?.number ?? 0
    return (["skip", "quarantine"].contains(options["onBadImage"]?.text), share)
  }

  private static let foldersSkipUpTo = 0.01

  /// The layout's lines, with what the images' state makes necessary.
  private static func lines(_ layout: RecognisedLayout, _ sets: [CheckedSet]) -> String {
    let parts = layout.parts.map { part in
      guard let set = sets.first(where: { $0.split == part.key }) else { return part }
      var options = part.options
      if !set.unreadable.isEmpty { options.append(.init("onBadImage", .string("skip"))) }
      if set.worksWithMissingClasses { options.append(.init("allowMissing", .bool(true))) }
      return RecognisedLayout.Part(part.key, options)
    }
    return RecognisedLayout(layout.dataset, classes: layout.classes, remark: layout.remark, parts: parts)
      .recipeLines
  }
}

extension CheckedSet {
  /// The images of each class.
  func counts(classCount: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: classCount)
    for sample in samples where counts.indices.contains(sample.label) { counts[sample.label] += 1 }
    return counts
  }

  /// The images of each group, the largest group first; without those of no group.
  var groups: [(name: String, count: Int)] {
    var counts: [String: Int] = [:]
    for sample in samples where !sample.group.isEmpty { counts[sample.group, default: 0] += 1 }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }
}
