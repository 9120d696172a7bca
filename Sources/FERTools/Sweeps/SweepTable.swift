import FERCore
import Support

/// The results of a sweep: a row for each setting, mean and deviation over its seeds, last and best weights apart.
package struct SweepTable {
  /// Which weights.
  package enum Weights: String, CaseIterable, Sendable {
    /// Of the last epoch: nothing was chosen on the validation images.
    case last
    /// Those that did best on the validation images.
    case best
  }

  /// What the tables tell.
  package static let quantities: [Quantity<SweepResult.Scores>] = [
    .share("accuracy primary") { $0.primary.accuracy }, .share("accuracy") { $0.corrected.accuracy },
    .share("macro precision") { $0.corrected.macroPrecision },
    .share("macro recall") { $0.corrected.macroRecall }, .share("macro F1") { $0.corrected.macroF1 },
    .number("NLL primary") { $0.distributions?.first?.nll }, .number("NLL") { $0.distributions?.last?.nll },
    .number("ECE primary") { $0.distributions?.first?.ece }, .number("ECE") { $0.distributions?.last?.ece },
  ]

  private let axes: [SweepFile.Axis]
  private let rows: [(job: SweepJob, result: SweepResult?, failure: String?)]

  /// The results that there are in a folder.
  package init(_ jobs: [SweepJob], axes: [SweepFile.Axis], in folder: SweepFolder) {
    self.axes = axes
    rows = jobs.map { ($0, folder.result(of: $0), folder.failure(of: $0)?.reason) }
  }

  /// The jobs of one setting, which differ by their seeds, and the results there are.
  private struct Setting {
    let label: String
    let job: SweepJob
    var results: [SweepResult] = []
    var count = 0
  }

  /// In the order of the jobs.
  private var settings: [Setting] {
    var found: [Setting] = []
    for row in rows {
      let label = row.job.label(axes)
      if found.last.map({ $0.label != label || $0.job.isOfAxes != row.job.isOfAxes }) ?? true {
        found.append(Setting(label: label, job: row.job))
      }
      found[found.count - 1].count += 1
      if let result = row.result { found[found.count - 1].results.append(result) }
    }
    return found
  }

  /// The quantities that any result has.
  private func told(_ weights: Weights) -> [Quantity<SweepResult.Scores>] {
    Self.quantities.filter { quantity in
      rows.contains { $0.result?[weights].flatMap(quantity.value) != nil }
    }
  }

  /// Mean ± standard deviation over the seeds of each setting, shares in percent.
  package func table(_ weights: Weights) -> Table {
    let quantities = told(weights)
    return Table(
      "\(weights == .last ? "Last epoch's" : "Best") weights",
      columns: ["setting", "done"] + quantities.map(\.title) + ["minutes"],
      rows: settings.map { setting in
        let numbers = quantities.map { quantity in
          quantity.text(MeanEstimate(setting.results.compactMap { $0[weights].flatMap(quantity.value) }))
        }
        let minutes = MeanEstimate(setting.results.map { $0.seconds / 60 }).mean
        return [setting.label.isEmpty ? "base" : setting.label, "\(setting.results.count)/\(setting.count)"]
          + numbers + [minutes?.rounded(places: 1) ?? "–"]
      })
  }

  /// For people, at the end of the command.
  package var text: String {
    Weights.allCases.map { weights in
      let table = table(weights)
      return table.title + "\n" + TextTable.text([table.columns] + table.rows, words: 2, indent: 2)
    }.joined(separator: "\n\n") + failures
  }

  private var failures: String {
    let failed = rows.filter { $0.result == nil }.compactMap { row in
      row.failure.map { "\n  \(row.job.name): \($0)" }
    }
    return failed.isEmpty ? "" : "\n\nfailed:" + failed.joined()
  }

  /// Every job, in full precision: a row for each kind of weights.
  package var results: String {
    let head =
      ["job", "setting", "seed", "state", "weights"] + Self.quantities.map(\.name) + [
        "seconds", "peak memory, MB",
      ]
    let lines = rows.flatMap { row in
      Weights.allCases.map { weights in
        let state = row.result != nil ? "done" : row.failure != nil ? "failed" : "open"
        let numbers = Self.quantities.map { quantity in
          row.result?[weights].flatMap(quantity.value).map { "\($0)" } ?? ""
        }
        return [
          row.job.name, row.job.label(axes), "\(row.job.recipe.seed)", state, weights.rawValue,
        ] + numbers + [
          row.result.map { "\($0.seconds)" } ?? "", row.result?.peakMemory.map { "\($0)" } ?? "",
        ]
      }
    }
    return CSV.text([head] + lines)
  }

  /// A page with both tables, and for two axes a map of each quantity of the last epoch's weights.
  /// - Parameter name: of the sweep.
  package func page(named name: String) -> String {
    let tables = Weights.allCases.map { weights in
      let table = table(weights)
      return "<h2>\(table.title.htmlEscaped)</h2>\n" + Report.html(of: table)
    }
    let done = rows.count { $0.result != nil }
    let lead =
      "<p>\(done) of \(rows.count) jobs are done. Mean &plusmn; standard deviation over seeds, validation images."
      + "</p>\n"
    let failed = rows.filter { $0.result == nil && $0.failure != nil }.map {
      "<p><strong>\($0.job.name.htmlEscaped) failed:</strong> \(($0.failure ?? "").htmlEscaped)</p>\n"
    }
    let body = "<h1>\(name.htmlEscaped)</h1>\n" + lead + (failed + tables + maps).joined()
    return Report.page(titled: name, body)
  }

  private var maps: [String] {
    guard axes.count == 2 else { return [] }
    let settings = settings.filter(\.job.isOfAxes)
    return told(.last).map { quantity in
      let rows = axes[0].values.map { row in
        axes[1].values.map { column in
          settings.first { $0.job.setting == [row.name, column.name] }.flatMap { setting in
            MeanEstimate(setting.results.compactMap { $0.last.flatMap(quantity.value) })
          }
        }
      }
      return HeatMap(
        title: quantity.title, corner: "\(axes[0].name) \\ \(axes[1].name)",
        rows: axes[0].values.map(\.name), columns: axes[1].values.map(\.name),
        cells: rows.map { row in
          row.map { cell in
            cell.flatMap { estimate in estimate.mean.map { (value: $0, text: quantity.text(estimate)) } }
          }
        }
      ).html
    }
  }

  /// Writes `results.csv`, `table.csv` and `table.html` into the folder.
  package func write(to folder: SweepFolder, named name: String) throws {
    try AtomicFile.write(results, to: folder.path + "/results.csv")
    let tables = Weights.allCases.map { weights in
      let table = table(weights)
      return [["weights"] + table.columns] + table.rows.map { [weights.rawValue] + $0 }
    }
    try AtomicFile.write(CSV.text(Array(tables.joined())), to: folder.path + "/table.csv")
    try AtomicFile.write(page(named: name), to: folder.path + "/table.html")
  }
}

extension SweepResult {
  /// The numbers of those weights.
  package subscript(_ weights: SweepTable.Weights) -> Scores? { weights == .last ? last : best }
}
