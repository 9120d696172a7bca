import FERCore
import Support

/// A file that says which recipes are trained: a base, what varies, and how often.
///
///     {
///       name: "anchors",
///       base: "fer2013.json5",                         // from this file's folder
///       patch: { training: { epochs: 6 } },            // of every job
///       axes: [                                        // every combination
///         { key: "losses.nll.smoothing", values: [0, 0.1] },
///         { name: "K", values: [
///           { name: "0", patch: { model: { corrections: { anchor: null } }, losses: { anchor: null, center: null } } },
///           { name: "10" },
///         ] },
///       ],
///       // A value may be several jobs whose mean counts: { name: "JAFFE", average: [{ name: "KA", patch: ... }, ...] }
///       jobs: [{ name: "plain", base: "fer2013/resnet18.json5" }],   // and these
///       seeds: [1, 2, 3],                              // each of them
///       reference: "K=0",                              // what the others are compared with
///       absentData: "leave out",                       // a job whose data is not there is no failure
///     }
package struct SweepFile {
  /// One thing that varies, and what it may be.
  package struct Axis {
    /// The last word of its key, or its own.
    package let name: String
    /// In the order of the file.
    package let values: [Value]
  }

  /// One value of an axis, or a job by itself.
  package struct Value {
    /// As it is written, or its own.
    package let name: String
    /// The recipe it changes, where that is another than the sweep's.
    let base: String?
    let patches: [RecipePatch]
    /// Jobs of one setting whose mean counts, as one for each person who is held out; none for a single job.
    var parts: [Value] = []
  }

  /// Where it was read from.
  package let path: String
  /// Names the sweep and its folder.
  package let name: String
  /// What varies; of two, rows and columns of a table.
  package let axes: [Axis]
  /// The seeds of every job; none: that of the recipe.
  package let seeds: [Int]
  /// What the others are compared with: a setting as tables call it, or a value of one of several axes ("K=0"), with which
  /// each setting is compared that differs from it by that value alone; nil for none.
  package let reference: String?
  /// Whether jobs whose data is not there are left out by name.
  package let leavesOutAbsentData: Bool
  let base: String?
  let patches: [RecipePatch]
  let extras: [Value]

  /// - Throws: `RecipeProblems` with everything that is wrong with the file itself.
  package static func read(_ path: String) throws(RecipeProblems) -> SweepFile {
    var reader = SweepReader(try RecipeDocument.read(path, as: "a sweep"))
    let file = reader.file()
    guard reader.problems.isEmpty else { throw RecipeProblems(reader.problems) }
    return file
  }
}

/// Reads the file's values and gathers what is wrong.
private struct SweepReader {
  let document: RecipeDocument
  var problems: [RecipeProblem] = []

  init(_ document: RecipeDocument) { self.document = document }

  mutating func file() -> SweepFile {
    let (root, value) = (JSONPath(), document.content.value)
    let keys = ["name", "base", "patch", "axes", "jobs", "seeds", "reference", "absentData"]
    expectKeys(keys, of: value, at: root, owner: "a sweep")
    let base = path(value["base"], at: root / "base")
    let axes = objects(value["axes"], at: root / "axes").map { axis($0.value, at: $0.place) }
    let extras = objects(value["jobs"], at: root / "jobs").map { named($0.value, at: $0.place, of: "a job") }
    let names = Set(axes.map(\.name))
    if names.count < axes.count {
      object(root / "axes", "two of them have the same name; give one a name of its own")
    }
    if base == nil, extras.isEmpty || extras.contains(where: { $0.base == nil }) || !axes.isEmpty {
      object(root / "base", "is missing; name the recipe that is changed, as in base: \"fer2013.json5\"")
    }
    let reference = text(value["reference"], at: root / "reference")
    let settings =
      SweepFile.labels(axes: axes, extras: extras)
      + axes.flatMap { axis in axis.values.map { SweepFile.label([axis], [$0.name]) } }
    if let reference, !settings.contains(reference) {
      object(
        root / "reference",
        "no setting is called \"\(reference)\"" + NearestName.suggestion(for: reference, among: settings),
        note: "settings: " + settings.prefix(20).joined(separator: "; ")
          + (settings.count > 20 ? "; ..." : ""))
    }
    return SweepFile(
      path: document.path, name: name(value["name"]), axes: axes, seeds: seeds(value["seeds"]),
      reference: reference, leavesOutAbsentData: leavesOut(value["absentData"], at: root / "absentData"),
      base: base, patches: patch(value["patch"], at: root / "patch"), extras: extras)
  }

  private mutating func leavesOut(_ value: JSONValue?, at place: JSONPath) -> Bool {
    let words = ["fail", "leave out"]
    guard let word = text(value, at: place) else { return false }
    if !words.contains(word) {
      object(
        place,
        "must be \"fail\" or \"leave out\", is \"\(word)\""
          + NearestName.suggestion(for: word, among: words))
    }
    return word == "leave out"
  }

  private mutating func axis(_ value: JSONValue, at place: JSONPath) -> SweepFile.Axis {
    expectKeys(["name", "key", "values"], of: value, at: place, owner: "an axis")
    let key = text(value["key"], at: place / "key")
    let name = text(value["name"], at: place / "name") ?? key?.split(separator: ".").last.map(String.init)
    if name == nil { object(place, "needs key, a path of the recipe, or name, where each value is a patch") }
    let elements = value["values"]?.elements ?? []
    if elements.isEmpty { object(place / "values", "must be a list of at least one value") }
    let values = elements.enumerated().map { index, element in
      let here = place / "values" / index
      guard let key else { return named(element, at: here, of: "a value without key") }
      let patch = RecipePatch(element, for: key, from: document.origin(at: here))
      return SweepFile.Value(name: element.text ?? element.oneLine, base: nil, patches: [patch])
    }
    return SweepFile.Axis(name: name ?? "?", values: values)
  }

  /// `{ name, base, patch, average }`
  private mutating func named(_ value: JSONValue, at place: JSONPath, of owner: String) -> SweepFile.Value {
    let isPart = owner == "a part"
    expectKeys(
      ["name", "base", "patch"] + (isPart ? [] : ["average"]), of: value, at: place, owner: owner)
    let name = text(value["name"], at: place / "name")
    if name == nil { object(place / "name", "is missing: \(owner) is { name: \"...\", patch: { ... } }") }
    let parts = isPart ? [] : objects(value["average"], at: place / "average")
    return SweepFile.Value(
      name: name ?? "?", base: path(value["base"], at: place / "base"),
      patches: patch(value["patch"], at: place / "patch"),
      parts: parts.map { named($0.value, at: $0.place, of: "a part") })
  }

  private mutating func patch(_ value: JSONValue?, at place: JSONPath) -> [RecipePatch] {
    guard let value, value != .null else { return [] }
    guard let members = value.members else {
      object(place, "must be a part of a recipe, { ... }, is \(value.inWords)")
      return []
    }
    for key in ["extends", "name"] where members[key] != nil {
      object(place / key, "cannot be changed by a patch" + (key == "extends" ? "; say base" : ""))
    }
    return [RecipePatch(value, at: place, in: document)]
  }

  private mutating func seeds(_ value: JSONValue?) -> [Int] {
    guard let value, value != .null else { return [] }
    let seeds = (value.elements ?? []).compactMap { element in
      if case .int(let seed) = element, seed >= 0 { seed } else { nil }
    }
    if seeds.isEmpty || seeds.count != value.elements?.count || Set(seeds).count < seeds.count {
      object(JSONPath("seeds"), "must be a list of different whole numbers of at least 0")
    }
    return seeds
  }

  private mutating func name(_ value: JSONValue?) -> String {
    text(value, at: JSONPath("name"))
      ?? SweepJob.word(
        PathText.name(of: document.path).split(separator: ".").first.map(String.init) ?? "sweep")
  }

  private mutating func path(_ value: JSONValue?, at place: JSONPath) -> String? {
    text(value, at: place).map { PathText.joined(PathText.folder(of: document.path), $0) }
  }

  private mutating func text(_ value: JSONValue?, at place: JSONPath) -> String? {
    guard let value, value != .null else { return nil }
    guard let text = value.text, !text.isEmpty else {
      object(place, "must be a text, is \(value.inWords)")
      return nil
    }
    return text
  }

  private mutating func objects(_ value: JSONValue?, at place: JSONPath) -> [(
    value: JSONValue, place: JSONPath
  )] {
    guard let value, value != .null else { return [] }
    guard let elements = value.elements else {
      object(place, "must be a list, is \(value.inWords)")
      return []
    }
    return elements.enumerated().map { ($1, place / $0) }
  }

  private mutating func expectKeys(
    _ keys: [String], of value: JSONValue, at place: JSONPath, owner: String
  ) {
    guard let members = value.members else {
      return object(place, "\(owner) is an object { ... }, this is \(value.inWords)")
    }
    for key in members.keys.sorted() where !keys.contains(key) {
      object(
        place / key, "\(owner) has no such key" + NearestName.suggestion(for: key, among: keys),
        note: "keys: " + keys.joined(separator: ", "))
    }
  }

  private mutating func object(_ place: JSONPath, _ message: String, note: String? = nil) {
    var known = place
    while document.content.lines[known] == nil, let parent = known.parent { known = parent }
    problems.append(RecipeProblem(document.origin(at: known), RecipeIssue(place, message, note: note)))
  }
}
