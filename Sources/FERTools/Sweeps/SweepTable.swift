import FERCore
import Support

/// The results of a sweep: a row for each setting, mean and deviation over its seeds, last and best weights apart; for two
/// axes a grid, and where one setting is the reference, by how much the others differ from it.
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
    .share("accuracy primary") { $0.primary.accuracy }, accuracy,
    .share("macro precision") { $0.corrected.macroPrecision },
    .share("macro recall") { $0.corrected.macroRecall }, .share("macro F1") { $0.corrected.macroF1 },
    .number("NLL primary") { $0.distributions?.first?.nll }, .number("NLL") { $0.distributions?.last?.nll },
    .number("ECE primary") { $0.distributions?.first?.ece }, .number("ECE") { $0.distributions?.last?.ece },
  ]

  private static let accuracy = Quantity<SweepResult.Scores>.share("accuracy") { $0.corrected.accuracy }

  private let file: SweepFile
  let rows: [SweepRow]
  private let settings: [SweepSetting]

  /// The results that there are in a folder.
  /// - Throws: ``FileProblem`` where one of them cannot be read.
  package init(_ jobs: [SweepJob], of file: SweepFile, in folder: SweepFolder) throws {
    self.file = file
    rows = try jobs.map { job in
      SweepRow(
        job: job, label: job.label(file.axes), result: try folder.result(of: job),
        failure: try folder.failure(of: job)?.reason,
        absentData: file.leavesOutAbsentData ? job.absentData : [])
    }
    settings = SweepSetting.all(in: rows)
  }

  /// The quantities that any result has.
  func told(_ weights: Weights) -> [Quantity<SweepResult.Scores>] {
    Self.quantities.filter { quantity in
      rows.contains { $0.result?[weights].flatMap(quantity.value) != nil }
    }
  }

  /// Mean ± standard deviation over the seeds of each setting, shares in percent.
  package func table(_ weights: Weights) -> Table {
    let quantities = told(weights)
    return Table(
      "\(weights == .last ? "Last epoch's" : "Best") weights",
      columns: ["setting", "done"] + quantities.map(\.title) + ["minutes", "MB"],
      rows: settings.map { setting in
        let numbers = quantities.map { $0.text(setting.estimate($0, weights)) }
        let minutes = MeanEstimate(setting.results.map { $0.seconds / 60 }).mean
        let memory = setting.results.compactMap(\.peakMemory).max()
        return [setting.label.isEmpty ? "base" : setting.label, setting.state] + numbers
          + [minutes?.rounded(places: 1) ?? "–", memory.map { "\($0)" } ?? "–"]
      })
  }

  /// What the other settings have more than the reference, by the last epoch's weights, with 95 % intervals; nil where
  /// nothing is the reference.
  package var differences: Table? {
    guard let reference = file.reference else { return nil }
    let quantities = told(.last)
    return Table(
      "Difference to \(reference), last epoch's weights, 95 % interval",
      columns: ["setting"] + quantities.map(\.title) + ["interval"],
      rows: pairs.map { setting, reference in
        let differences = quantities.map { setting.difference($0, from: reference) }
        return [setting.label] + zip(quantities, differences).map { $0.text($1) }
          + [differences.first?.method.rawValue ?? ""]
      })
  }

  /// Each setting with that which it is compared with.
  private var pairs: [(setting: SweepSetting, reference: SweepSetting)] {
    guard let name = file.reference else { return [] }
    if let reference = settings.first(where: { $0.label == name }) {
      return settings.filter { $0.label != name }.map { ($0, reference) }
    }
    let axis = file.axes.indices.first { place in
      file.axes[place].values.contains { SweepFile.label([file.axes[place]], [$0.name]) == name }
    }
    guard let axis else { return [] }
    let isReference = { (setting: SweepSetting) in
      setting.isOfAxes && SweepFile.label([file.axes[axis]], [setting.values[axis]]) == name
    }
    let references = settings.filter(isReference)
    return settings.filter { $0.isOfAxes && !isReference($0) }.compactMap { setting in
      references.first { reference in
        reference.values.indices.allSatisfy { $0 == axis || reference.values[$0] == setting.values[$0] }
      }.map { (setting, $0) }
    }
  }

  /// For two axes each quantity of the last epoch's weights: a row for each value of the first, a column for each of the
  /// second.
  package var grids: [HeatMap] {
    let axes = file.axes
    guard axes.count == 2 else { return [] }
    return told(.last).map { quantity in
      HeatMap(
        title: quantity.title, corner: "\(axes[0].name) \\ \(axes[1].name)",
        rows: axes[0].values.map(\.name), columns: axes[1].values.map(\.name),
        cells: axes[0].values.map { row in
          axes[1].values.map { column in
            let label = SweepFile.label(axes, [row.name, column.name])
            let estimate = settings.first { $0.isOfAxes && $0.label == label }?.estimate(quantity, .last)
            return estimate.flatMap { estimate in
              estimate.mean.map { (value: $0, text: quantity.text(estimate)) }
            }
          }
        })
    }
  }

  /// How accuracy, NLL and ECE of the other settings differ from the reference, as pictures.
  package var effects: [(name: String, svg: String)] {
    guard let reference = file.reference else { return [] }
    return told(.last).filter { ["accuracy", "NLL", "ECE"].contains($0.name) }.map { quantity in
      let rows = pairs.map { setting, reference in
        let difference = setting.difference(quantity, from: reference)
        return EffectPlot.Row(
          name: setting.label, mean: difference.mean, interval: difference.interval,
          text: quantity.text(difference))
      }
      let title = quantity.name + (quantity.isShare ? ", points" : "")
      let plot = EffectPlot(
        title: "\(title), against \(reference)", rows: rows, scale: quantity.isShare ? 100 : 1)
      return (quantity.name.lowercased(), plot.svg)
    }
  }

  /// For people, at the end of the command.
  package var text: String {
    let tables = Weights.allCases.map(table) + [differences].compactMap { $0 }
    let grid = grids.first { $0.title == Self.accuracy.title }?.table
    return (tables + [grid].compactMap { $0 }).map { table in
      table.title + "\n" + TextTable.text([table.columns] + table.rows, words: 2, indent: 2)
    }.joined(separator: "\n\n") + section("failed", failures) + section("left out", absences)
  }

  private func section(_ title: String, _ lines: [(name: String, reason: String)]) -> String {
    lines.isEmpty ? "" : "\n\n\(title):" + lines.map { "\n  \($0.name): \($0.reason)" }.joined()
  }

  /// The jobs that failed, and why.
  var failures: [(name: String, reason: String)] {
    rows.compactMap { row in
      row.result == nil && row.absentData.isEmpty ? row.failure.map { (row.job.name, $0) } : nil
    }
  }

  /// The settings whose data is not there.
  var absences: [(name: String, reason: String)] {
    settings.compactMap { setting in
      setting.absentData.isEmpty
        ? nil : (setting.label, setting.absentData.map(\.printable).joined(separator: ", ") + " is not there")
    }
  }
}
