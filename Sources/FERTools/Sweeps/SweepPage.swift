import FERCore
import Support

// A sweep's results as files.
extension SweepTable {
  /// Every job, in full precision: a row for each kind of weights.
  package var results: String {
    let head =
      ["job", "setting", "seed", "state", "weights"] + Self.quantities.map(\.name) + [
        "seconds", "peak memory, MB",
      ]
    let lines = rows.flatMap { row in
      Weights.allCases.map { weights in
        let numbers = Self.quantities.map { quantity in
          row.result?[weights].flatMap(quantity.value).map { "\($0)" } ?? ""
        }
        return [row.job.name, row.label, "\(row.job.recipe.seed)", row.state, weights.rawValue] + numbers + [
          row.result.map { "\($0.seconds)" } ?? "", row.result?.peakMemory.map { "\($0)" } ?? "",
        ]
      }
    }
    return CSV.text([head] + lines)
  }

  /// A page with the tables, for two axes a map of each quantity, and pictures of the differences to the reference.
  private func page(
    named name: String, _ tables: [Table], _ grids: [HeatMap], _ effects: [(name: String, svg: String)]
  ) -> String {
    let done = rows.count { $0.result != nil }
    let lead =
      "<p>\(done) of \(rows.count) jobs are done. Mean &plusmn; standard deviation over seeds, validation images."
      + "</p>\n"
    let remarks =
      failures.map { "<p><strong>\($0.name.htmlEscaped) failed:</strong> \($0.reason.htmlEscaped)</p>\n" }
      + absences.map { "<p><strong>\($0.name.htmlEscaped) left out:</strong> \($0.reason.htmlEscaped)</p>\n" }
    let pictures = effects.map { "<figure>\($0.svg)</figure>\n" }
    let body =
      "<h1>\(name.htmlEscaped)</h1>\n" + lead
      + (remarks + pictures + tables.map { "<h2>\($0.title.htmlEscaped)</h2>\n" + Report.html(of: $0) }
      + grids.map(\.html)).joined()
    return Report.page(titled: name, body)
  }

  /// Writes the tables of all results there are, and once more where results have come in meanwhile: of several processes that
  /// end at the same time the last one to write may have been the first to look.
  /// - Returns: what was written, and the names of the files.
  /// - Throws: ``FileProblem`` where a result cannot be read or a file not be written.
  package static func write(
    _ jobs: [SweepJob], of file: SweepFile, to folder: SweepFolder
  ) throws -> (table: SweepTable, files: [String]) {
    var table = try SweepTable(jobs, of: file, in: folder)
    while true {
      let files = try table.write(to: folder, named: file.name)
      let now = try SweepTable(jobs, of: file, in: folder)
      if now.results == table.results { return (table, files) }
      table = now
    }
  }

  /// Writes `results.csv`, `table.csv` and `table.html` into the folder, for two axes also `grid.csv`, with a reference
  /// `differences.csv` and `effect-accuracy.svg` with its like.
  /// - Returns: the names of the files.
  package func write(to folder: SweepFolder, named name: String) throws -> [String] {
    let (tables, differences) = (Weights.allCases.map(table), differences)
    let (grids, effects) = (grids, effects)
    let rows = zip(Weights.allCases, tables).flatMap { weights, table in
      [["weights"] + table.columns] + table.rows.map { [weights.rawValue] + $0 }
    }
    let page = page(named: name, tables + [differences].compactMap { $0 }, grids, effects)
    var files = [("results.csv", results), ("table.csv", CSV.text(rows)), ("table.html", page)]
    if !grids.isEmpty {
      let rows = grids.map { ($0.title, $0.table) }.flatMap { title, table in
        [["quantity"] + table.columns] + table.rows.map { [title] + $0 }
      }
      files.append(("grid.csv", CSV.text(rows)))
    }
    if let differences {
      files.append(("differences.csv", CSV.text([differences.columns] + differences.rows)))
    }
    files += effects.map { ("effect-\($0.name).svg", StandaloneSVG.text($0.svg)) }
    for (name, text) in files { try AtomicFile.write(text, to: folder.path + "/" + name) }
    return files.map(\.0)
  }
}

extension SweepResult {
  /// The numbers of those weights.
  package subscript(_ weights: SweepTable.Weights) -> Scores? { weights == .last ? last : best }
}
