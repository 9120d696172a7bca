import FERTraining
import Support

/// Two benchmarks of the same work side by side, A and B: of each figure how many times as good B's is.
///
/// Where both were measured in several turns, turn t of B is held against turn t of A, and the middle, the least and
/// the greatest of these ratios are told: what the machine does to both falls out. With one turn each, the ratio is
/// that of the medians, the least and the greatest are those that the runs of A and of B allow at all.
package struct BenchmarkComparison {
  /// A figure that both have.
  struct Line {
    let name: BenchmarkFile.Figure.Name
    let unit: String
    /// The medians of the turns.
    let before, after: Double
    /// Above 1 where B is faster, or takes less memory; nil where one of them is 0.
    let ratio: Double?
    /// The least and the greatest; nil where the files hold nothing to tell them by.
    let range: ClosedRange<Double>?

    /// A word where all of the range lies on one side of 1.
    var verdict: String {
      guard let range else { return "" }
      return range.lowerBound > 1 ? "better" : range.upperBound < 1 ? "worse" : ""
    }
  }

  /// What both have, in A's order.
  let lines: [Line]
  /// What the other one lacks.
  let onlyBefore, onlyAfter: [BenchmarkFile.Figure.Name]
  /// What makes the ratios say less than they seem to.
  package let notes: [String]
  private let before, after: BenchmarkFile

  /// - Throws: ``RunProblem`` where they did not do the same work, or not in as many turns.
  package init(_ before: BenchmarkFile, _ after: BenchmarkFile) throws(RunProblem) {
    try Self.requireSameWork(before, after)
    let (mine, theirs) = (before.figures, after.figures)
    lines = mine.compactMap { figure in
      theirs.first { $0.name == figure.name }.map { Line(figure, $0) }
    }
    let shared = Set(lines.map(\.name))
    onlyBefore = mine.map(\.name).filter { !shared.contains($0) }
    onlyAfter = theirs.map(\.name).filter { !shared.contains($0) }
    notes = Self.notes(before, after, hasSpread: lines.contains { $0.range != nil })
    (self.before, self.after) = (before, after)
  }

  private static func requireSameWork(_ before: BenchmarkFile, _ after: BenchmarkFile) throws(RunProblem) {
    let names = "\(before.name.printable) and \(after.name.printable)"
    guard before.kind == after.kind else {
      throw .request(
        "\(names): cannot be compared: one is of arbex \(before.kind.rawValue), the other of arbex "
          + after.kind.rawValue
      )
    }
    let facts = ["recipe", "size", "batch", "ranks", "images", "parameters"].map {
      ($0, before.facts($0), after.facts($0))
    }
    let precisions = [("precision", before.precisions, after.precisions)]
    var differences = (facts + precisions).compactMap(difference)
    let digests = before.facts("recipe_sha256") + after.facts("recipe_sha256")
    if differences.isEmpty, Set(digests).count > 1 {
      differences = ["what the recipe says of images, model, losses or training (recipe_sha256)"]
    }
    guard differences.isEmpty else {
      throw .request(
        "\(names): did not do the same work, they differ in " + differences.joined(separator: "; ")
          + "\n  measure both with one recipe file and the same --set, --batch, --images and --precision")
    }
    guard before.turns.count == after.turns.count else {
      throw .request(
        "\(names): hold \(before.turns.count) and \(after.turns.count) turns; turns are compared in pairs, "
          + "so append as many to both")
    }
  }

  /// "batch: 16 and 8"; nil where all turns agree, or one of the files says nothing.
  private static func difference(_ title: String, _ before: [String], _ after: [String]) -> String? {
    guard !before.isEmpty, !after.isEmpty, Set(before + after).count > 1 else { return nil }
    let texts = [before, after].map { $0.map(\.printable).joined(separator: ", ") }
    return "\(title): \(texts[0]) and \(texts[1])"
  }

  private static func notes(
    _ before: BenchmarkFile, _ after: BenchmarkFile, hasSpread: Bool
  ) -> [String] {
    var notes = ["cpu", "kernels", "threads"].compactMap { key in
      difference(key, before.facts(key), after.facts(key)).map {
        $0 + ": the ratios tell of that as well as of the programs"
      }
    }
    if !hasSpread {
      notes.append(
        "no ratio has a spread: an older arbex kept medians only; measure both in turns to have one")
    }
    return notes
  }
}

extension BenchmarkComparison.Line {
  fileprivate init(_ before: BenchmarkFile.Figure, _ after: BenchmarkFile.Figure) {
    (name, unit) = (before.name, before.unit)
    (self.before, self.after) = (before.values.median, after.values.median)
    guard (before.values + after.values).allSatisfy({ $0 > 0 }) else {
      (ratio, range) = (nil, nil)
      return
    }
    let ratios = zip(before.values, after.values).map { before.isRate ? $1 / $0 : $0 / $1 }
    ratio = ratios.median
    if ratios.count > 1 {
      let spread = Spread(ratios)
      range = spread.minimum...spread.maximum
    } else if let mine = before.range, let theirs = after.range, mine.lowerBound > 0, theirs.lowerBound > 0 {
      range =
        before.isRate
        ? theirs.lowerBound / mine.upperBound...theirs.upperBound / mine.lowerBound
        : mine.lowerBound / theirs.upperBound...mine.upperBound / theirs.lowerBound
    } else {
      range = nil
    }
  }
}

extension BenchmarkComparison {
  /// For people: a table for each of the benchmark's.
  package var text: String {
    let head = [("A", before), ("B", after)].map { letter, file in
      "\(letter): \(file.name.printable)\(facts(of: file))"
    }
    let rule = "Ratios above 1: B is faster, or takes less memory."
    let spread =
      before.turns.count > 1
      ? "Medians of \(before.turns.count) turns; least and most: of the ratios of the turns."
      : "Least and most: of the ratios that the runs of A and of B allow; those of turns lie closer."
    var tables: [(name: String, rows: [[String]])] = []
    for line in lines {
      if tables.last?.name != line.name.table {
        tables.append((line.name.table, [[line.name.table, "", "A", "B", "ratio", "least", "most"]]))
      }
      tables[tables.count - 1].rows.append(row(line))
    }
    let rest = [("A", onlyBefore), ("B", onlyAfter)].filter { !$0.1.isEmpty }.map { letter, names in
      "only \(letter) has " + names.map { "\($0.line) (\($0.table))" }.joined(separator: ", ")
    }
    return (head + [rule, spread]).joined(separator: "\n") + "\n\n"
      + tables.map { TextTable.text($0.rows, words: 2, indent: 2) + "\n" }.joined(separator: "\n")
      + (rest.isEmpty ? "" : "\n" + rest.joined(separator: "\n") + "\n")
  }

  private func facts(of file: BenchmarkFile) -> String {
    let facts = [("arbex ", "version"), ("", "cpu"), ("kernels ", "kernels"), ("threads ", "threads")].flatMap
    {
      title, key in file.facts(key).map { title + $0.printable }
    }
    return facts.isEmpty ? "" : " (" + facts.joined(separator: ", ") + ")"
  }

  private func row(_ line: Line) -> [String] {
    let number = { (value: Double?) in value.map { $0.rounded(places: 3) } ?? "–" }
    return [line.name.line, line.unit]
      + [line.before, line.after, line.ratio, line.range?.lowerBound, line.range?.upperBound].map(number)
      + [line.verdict]
  }

  /// The same as one JSON object.
  package var json: String {
    var result = OrderedObject()
    result.add("a", before.name)
    result.add("b", after.name)
    result.add("turns", before.turns.count)
    result.add(
      "lines",
      lines.map { line in
        var row = object(line.name)
        row.add("unit", line.unit)
        row.add("a", line.before)
        row.add("b", line.after)
        row.add("ratio", line.ratio)
        row.add("ratio_min", line.range?.lowerBound)
        row.add("ratio_max", line.range?.upperBound)
        return row
      })
    result.add("only_a", onlyBefore.map(object))
    result.add("only_b", onlyAfter.map(object))
    result.add("notes", .texts(notes))
    return result.text
  }

  private func object(_ name: BenchmarkFile.Figure.Name) -> OrderedObject {
    var row = OrderedObject()
    row.add("table", name.table)
    row.add("line", name.line)
    return row
  }
}
