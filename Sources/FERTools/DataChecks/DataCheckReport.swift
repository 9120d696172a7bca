import FERTraining
import FERCore
import FERData
import NeuralKit
import Support

// What a data check found, for people and for programs.
extension DataCheck {
  /// Counts in tables, then what was found, then the lines for a recipe.
  package var text: String {
    let images = sets.reduce(0) { $0 + $1.listed }
    var parts = ["\(subject.path.printable): \(what), \(subject.classes.count) classes, \(images) images"]
    if sets.contains(where: { !$0.samples.isEmpty }) {
      parts.append(classTable)
      if let groupTable { parts.append(groupTable) }
      parts.append(sizeLines)
    }
    for (weight, title) in [
      (DataFinding.Weight.problem, "problems"), (.warning, "warnings"), (.note, "notes"),
    ] {
      let found = findings.filter { $0.weight == weight }
      if !found.isEmpty { parts.append(([title] + found.map { "  " + $0.text }).joined(separator: "\n")) }
    }
    if !recipeLines.isEmpty { parts.append("lines for a recipe:\n\n" + recipeLines.trimmedEnd) }
    let (problems, warnings) = (count(.problem), count(.warning))
    parts.append(
      isUsable
        ? "usable" + (warnings == 0 ? "" : ", \(warnings) warning\(warnings == 1 ? "" : "s")")
        : "not usable: \(problems) problem\(problems == 1 ? "" : "s")")
    return parts.joined(separator: "\n\n")
  }

  /// The same as one JSON object, all images named.
  /// - Parameter sheet: the contact sheet's file, where one was drawn.
  package func json(sheet: String?) -> String {
    var result = OrderedObject()
    result.add("usable", .bool(isUsable))
    result.add("path", subject.path)
    result.add("recipe", subject.recipe.map { .string($0.name) } ?? .null)
    result.add("layout", subject.layout.map { .string($0.dataset) } ?? .null)
    result.add("alternatives", .texts(subject.alternatives))
    result.add("classes", .texts(subject.classes))
    result.add("sets", sets.map(setObject))
    result.add("duplicates", duplicatesObject)
    result.add("findings", findings.map(\.json))
    result.add("recipeLines", recipeLines)
    result.add("sheet", sheet.map(JSONValue.string) ?? .null)
    return result.text
  }

  /// How many findings have that weight.
  package func count(_ weight: DataFinding.Weight) -> Int { findings.count { $0.weight == weight } }

  private var what: String {
    guard let recipe = subject.recipe else { return subject.layout?.dataset ?? "" }
    return "recipe \"\(recipe.name)\" (\(Set(sets.map(\.dataset)).sorted().joined(separator: ", ")))"
  }

  // MARK: tables

  private var classTable: String {
    let all = sets.map { $0.counts(classCount: subject.classes.count) }
    var rows = [["class"] + sets.flatMap { [$0.split, ""] }]
    for label in subject.classes.indices {
      rows.append(
        [className(label).printable]
          + all.flatMap { counts -> [String] in
            let share = Double(counts[label]) / Double(max(1, counts.reduce(0, +)))
            return ["\(counts[label])", (100 * share).rounded(places: 1) + " %"]
          })
    }
    rows.append(["all"] + all.flatMap { ["\($0.reduce(0, +))", ""] })
    if sets.contains(where: { !$0.unreadable.isEmpty }) {
      rows.append(["unreadable"] + sets.flatMap { ["\($0.unreadable.count)", ""] })
    }
    return TextTable.text(rows, words: 1)
  }

  private static let shownGroups = 12

  private var groupTable: String? {
    let groups = sets.map(\.groups)
    guard groups.contains(where: { !$0.isEmpty }) else { return nil }
    var totals: [String: Int] = [:]
    for group in groups.joined() { totals[group.name, default: 0] += group.count }
    let names = totals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    let counts = groups.map { Dictionary($0.map { ($0.name, $0.count) }, uniquingKeysWith: +) }
    var rows = [["group"] + sets.map(\.split)]
    for name in names.prefix(Self.shownGroups) {
      rows.append([name.printable] + counts.map { "\($0[name] ?? 0)" })
    }
    if names.count > Self.shownGroups { rows.append(["and \(names.count - Self.shownGroups) more"]) }
    rows.append(["groups"] + groups.map { "\($0.count)" })
    return TextTable.text(rows, words: 1)
  }

  private var sizeLines: String {
    sets.filter { !$0.samples.isEmpty }.map { set in
      let sizes = set.sizes
      let first = sizes.prefix(3).map { "\($0.width)x\($0.height)\(sizes.count > 1 ? " (\($0.count))" : "")" }
      let rest = sizes.count > 3 ? " and \(sizes.count - 3) other sizes" : ""
      let prints = set.prints.compactMap { $0 }
      let grey = prints.count { $0.isGrey }
      let colour = grey == prints.count ? "grey" : grey == 0 ? "in colour" : "\(grey) of \(prints.count) grey"
      return "\(set.split): \(first.joined(separator: ", "))\(rest) pixels, \(colour)"
    }.joined(separator: "\n")
  }

  // MARK: JSON

  private func setObject(_ set: CheckedSet) -> OrderedObject {
    var result = OrderedObject()
    result.add("split", set.split)
    result.add("dataset", set.dataset)
    result.add("images", set.listed)
    let counts = set.counts(classCount: subject.classes.count)
    result.add(
      "classes",
      subject.classes.indices.map { label in
        var row = OrderedObject()
        row.add("class", className(label))
        row.add("images", counts[label])
        return row
      })
    result.add(
      "groups",
      set.groups.map { group in
        var row = OrderedObject()
        row.add("group", group.name)
        row.add("images", group.count)
        return row
      })
    result.add(
      "sizes",
      set.sizes.map { size in
        var row = OrderedObject()
        row.add("width", size.width)
        row.add("height", size.height)
        row.add("images", size.count)
        return row
      })
    result.add(
      "unreadable",
      set.unreadable.map { bad in
        var row = OrderedObject()
        row.add("image", bad.image)
        row.add("problem", bad.problem)
        return row
      })
    return result
  }

  private var duplicatesObject: OrderedObject {
    func image(_ place: Int) -> OrderedObject {
      var row = OrderedObject()
      row.add("split", split(place))
      row.add("image", sample(place).id)
      row.add("class", className(sample(place).label))
      return row
    }
    var result = OrderedObject()
    result.add(
      "exact",
      duplicates.exact.map { places in
        var row = OrderedObject()
        row.add("images", places.map(image))
        return row
      })
    result.add(
      "near",
      duplicates.near.map { pair in
        var row = OrderedObject()
        row.add("images", [image(pair.first), image(pair.second)])
        row.add("mirrored", .bool(pair.isMirrored))
        return row
      })
    return result
  }
}

extension CheckedSet {
  /// The sizes of images that could be read, the most frequent first.
  fileprivate var sizes: [(width: Int, height: Int, count: Int)] {
    var counts: [[Int]: Int] = [:]
    for print in prints { if let print { counts[[print.width, print.height], default: 0] += 1 } }
    return counts.sorted { ($1.value, $0.key[0], $0.key[1]) < ($0.value, $1.key[0], $1.key[1]) }
      .map { ($0.key[0], $0.key[1], $0.value) }
  }
}
