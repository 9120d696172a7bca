import FERTraining
import FERCore
import FERData

extension DataCheck {
  /// Pictures that are there more than once, within and across splits, with one label or several.
  var duplicateFindings: [DataFinding] { exactFindings + nearFindings }

  /// Images of one even surface look alike to any search; they are told elsewhere.
  private var exactSets: [[Int]] {
    duplicates.exact.filter { sets[places[$0[0]].set].prints[places[$0[0]].index]?.isBlank == false }
  }

  private var exactFindings: [DataFinding] {
    let all = exactSets
    guard !all.isEmpty else { return [] }
    let text = { (places: [Int], labelled: Bool) in
      places.map { labelled ? self.labelledName($0) : self.name($0) }.joined(separator: " = ")
    }
    let surplus = all.reduce(0) { $0 + $1.count - 1 }
    var found = [
      DataFinding(
        .note, "duplicates",
        "exact duplicates: \(Self.counted(all.count, "picture")) more than once, \(Self.counted(surplus, "image")) too many",
        all.map { text($0, false) })
    ]
    let across = all.filter { Set($0.map(split)).count > 1 }
    if !across.isEmpty {
      found.append(
        .init(
          .warning, "duplicates-across-splits",
          "leakage: exact duplicates in more than one split: \(Self.counted(across.count, "picture")); numbers measured there "
            + "are too good", across.map { text($0, false) }))
    }
    let conflicts = all.filter { Set($0.map { self.sample($0).label }).count > 1 }
    if !conflicts.isEmpty {
      found.append(
        .init(
          .warning, "conflicting-labels",
          "different labels for exact duplicates: \(Self.counted(conflicts.count, "picture"))",
          conflicts.map { text($0, true) }))
    }
    return found
  }

  private var nearFindings: [DataFinding] {
    func text(_ pair: Duplicates.Near, labelled: Bool = false) -> String {
      let names = [pair.first, pair.second].map { labelled ? labelledName($0) : name($0) }
      return names.joined(separator: pair.isMirrored ? " ~ mirrored " : " ~ ")
    }
    func isWithinGroup(_ pair: Duplicates.Near) -> Bool {
      let groups = [pair.first, pair.second].map { sample($0).group }
      return !groups[0].isEmpty && groups[0] == groups[1]
    }
    let across = duplicates.near.filter { split($0.first) != split($0.second) }
    let inside = duplicates.near.filter { split($0.first) == split($0.second) }
    let apart = inside.filter { !isWithinGroup($0) }
    let conflicts = duplicates.near.filter {
      !isWithinGroup($0) && sample($0.first).label != sample($0.second).label
    }
    var found: [DataFinding] = []
    if !duplicates.isComplete {
      found.append(
        .init(
          .note, "near-duplicates-cut",
          "so many images are alike that not all pairs of near-duplicates were looked for"))
    }
    if !apart.isEmpty {
      found.append(
        .init(
          .note, "near-duplicates",
          "near-duplicates: \(Self.counted(apart.count, "pair")), alike but for saving, size, lighting or mirroring",
          apart.map { text($0) }))
    }
    if inside.count > apart.count {
      found.append(
        .init(
          .note, "near-duplicates-in-groups",
          "near-duplicates within one group, as frames of a video are: \(Self.counted(inside.count - apart.count, "pair"))"
        ))
    }
    if !across.isEmpty {
      found.append(
        .init(
          .warning, "near-duplicates-across-splits",
          "leakage: near-duplicates in two splits: \(Self.counted(across.count, "pair"))",
          across.map { text($0) }))
    }
    if !conflicts.isEmpty {
      found.append(
        .init(
          .warning, "conflicting-labels-near",
          "different labels for near-duplicates: \(Self.counted(conflicts.count, "pair"))",
          conflicts.map { text($0, labelled: true) }))
    }
    return found
  }

  /// The same person or video in two splits.
  var groupFindings: [DataFinding] {
    var splits: [String: [String: Int]] = [:]
    for set in sets { for group in set.groups { splits[group.name, default: [:]][set.split] = group.count } }
    let shared = splits.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
    guard !shared.isEmpty else { return [] }
    return [
      .init(
        .warning, "groups-across-splits",
        "leakage: the same group (person, video) in more than one split: \(Self.counted(shared.count, "group"))",
        shared.map { name, counts in
          "\(name): "
            + sets.compactMap { set in counts[set.split].map { "\($0) in \(set.split)" } }.joined(
              separator: ", ")
        })
    ]
  }

  /// Images too small or empty to learn from.
  var imageFindings: [DataFinding] {
    sets.flatMap { set -> [DataFinding] in
      var found: [DataFinding] = []
      let least = min(32, subject.inputSize / 2)
      let named = { (isOne: (ImageFingerprint) -> Bool, detail: (ImageFingerprint) -> String) in
        zip(set.samples, set.prints).compactMap { sample, print in
          print.flatMap { isOne($0) ? "\(set.split): \(sample.id)\(detail($0))" : nil }
        }
      }
      let tiny = named({ $0.width < least || $0.height < least }, { " (\($0.width)x\($0.height))" })
      if !tiny.isEmpty {
        found.append(
          .init(
            .warning, "tiny-images",
            "\(set.split): \(Self.counted(tiny.count, "image")) of less than \(least) pixels on a side", tiny)
        )
      }
      let blank = named({ $0.isBlank }, { _ in "" })
      if !blank.isEmpty {
        found.append(
          .init(
            .warning, "blank-images",
            "\(set.split): \(Self.counted(blank.count, "image")) of one even colour", blank))
      }
      return found
    }
  }

  /// "1 pair", "2 pairs"
  private static func counted(_ count: Int, _ what: String) -> String {
    "\(count) \(what)\(count == 1 ? "" : "s")"
  }
}
