import FERCore
import Foundation
import Support

// A comparison as tables, for people and for spreadsheets.
extension Comparison {
  /// The runs themselves.
  package var runTable: Table {
    Table(
      "Runs",
      columns: [
        "run", "seed", "weights", "of epoch", "best is chosen by", "begun", "learned numbers", "images",
      ],
      rows: runs.map { run in
        [
          run.name, "\(run.recipe.seed)", run.weights.rawValue, run.epoch.map { "\($0)" } ?? "–",
          run.recipe.has(.validation) ? "validation \(run.recipe.training.best)" : "being the last",
          run.date.flatMap(Clock.minute).map { $0 + " UTC" } ?? "–", "\(run.parameters)",
          "\(run.set.samples.count)",
        ]
      })
  }

  /// The recipe's differences.
  package var recipeTable: Table {
    Table(
      "Differences of the recipes", columns: ["value"] + groups.map(\.name),
      rows: recipeDifferences.map { [$0.path] + $0.values.map { $0 ?? "–" } })
  }

  /// How each group does.
  package var scoreTable: Table {
    let hasSeeds = groups.contains { $0.runs.count > 1 }
    let seeds = hasSeeds ? [["seeds"] + groups.map { "\($0.runs.count)" }] : []
    return Table(
      "On the \(split.rawValue) images" + (hasSeeds ? ", mean ± standard deviation over seeds" : ""),
      columns: ["quantity"] + groups.map(\.name),
      rows: seeds
        + quantities.map { quantity in
          [quantity.title] + groups.map { quantity.text(MeanEstimate(Array($0.values(quantity).values))) }
        })
  }

  /// What the others have more than the first group; nil where there are none.
  package var differenceTable: Table? {
    guard groups.count > 1 else { return nil }
    let others = groups.dropFirst()
    return Table(
      "Difference to \(groups[0].name), 95 % interval", columns: ["quantity"] + others.map(\.name),
      rows: quantities.map { quantity in
        [quantity.title] + others.map { quantity.text(difference(quantity, $0)) }
      } + [["interval"] + others.map { method(of: $0).rawValue }])
  }

  /// How the intervals of a group's differences were made.
  func method(of group: RunGroup) -> MeanDifference.Method {
    quantities.first.map { difference($0, group).method } ?? .none
  }

  /// The same images under two runs; nil where there are no two groups.
  package var testTable: Table? {
    guard !pairs.isEmpty else { return nil }
    return Table(
      "The same images, McNemar's test of the final answers",
      columns: ["first", "second", "images", "first alone right", "second alone right", "p", "test"],
      rows: pairs.map { pair in
        guard let answers = pair.answers else {
          return [pair.first.name, pair.second.name] + Array(repeating: "–", count: 5)
        }
        let test = answers.test
        return [
          pair.first.name, pair.second.name, "\(answers.changes.count)", "\(test.onlyFirst)",
          "\(test.onlySecond)", test.pValue < 0.00005 ? "< 0.0001" : test.pValue.rounded(places: 4),
          test.isExact ? "exact" : "χ²",
        ]
      })
  }

  /// How far the classes lie apart in each run's embeddings; nil where there are none.
  package var clusterTable: Table? {
    guard runs.contains(where: { $0.embeddings != nil }) else { return nil }
    return Table(
      "Embeddings", columns: ["run", "images", "Davies-Bouldin", "Calinski-Harabasz"],
      rows: zip(runs, clusters).map { run, scores in
        [
          run.name, run.embeddings.map { "\($0.shape[0])" } ?? "–",
          scores?.daviesBouldin.rounded(places: 4) ?? "–", scores?.calinskiHarabasz.rounded(places: 2) ?? "–",
        ]
      })
  }

  /// All tables that have something to tell, in their order.
  package var tables: [Table] {
    [runTable] + (groups.count > 1 ? [recipeTable] : []) + [scoreTable]
      + [differenceTable, testTable, clusterTable].compactMap { $0 }
  }

  /// For people.
  package var text: String {
    let parts = tables.map { table in
      guard !table.rows.isEmpty else { return table.title + "\n  none" }
      return Self.blocks(of: table).map { block in
        TextTable.text(
          block.map { $0.map(Self.shortened) }, words: table.columns[0] == "first" ? 2 : 1, indent: 2)
      }.reduce(table.title) { $0 + "\n" + $1 }
    }
    return (parts + (remarks.isEmpty ? [] : [remarks.map { "note: \($0)" }.joined(separator: "\n")]))
      .joined(separator: "\n\n")
  }

  /// Tables with a column for each group are cut where a terminal is too narrow.
  private static func blocks(of table: Table) -> [[[String]]] {
    let (rows, width) = ([table.columns] + table.rows, 6)
    guard ["value", "quantity"].contains(table.columns[0]), table.columns.count > width else { return [rows] }
    return stride(from: 1, to: table.columns.count, by: width - 1).map { start in
      rows.map { [$0[0]] + $0[start..<min(start + width - 1, $0.count)] }
    }
  }

  private static func shortened(_ text: String) -> String {
    let text = text.printable
    return text.count > 44 ? text.prefix(20) + "…" + text.suffix(23) : text
  }

  /// A run a row, in full precision.
  package var csv: String {
    let head =
      ["run", "folder", "group", "seed", "weights", "epoch", "images of", "images", "learned numbers"]
      + RunScores.quantities.map(\.name) + ["Davies-Bouldin", "Calinski-Harabasz"]
    let rows = zip(runs, clusters).map { run, clusters in
      let scores = RunScores(run.set)
      let group = groups.first { $0.runs.contains { $0.path == run.path } }?.name ?? ""
      let numbers =
        RunScores.quantities.map { $0.value(scores) } + [clusters?.daviesBouldin, clusters?.calinskiHarabasz]
      return [
        run.name, run.path, group, "\(run.recipe.seed)", run.weights.rawValue,
        run.epoch.map { "\($0)" } ?? "",
        split.rawValue, "\(run.set.samples.count)", "\(run.parameters)",
      ] + numbers.map { $0.map { "\($0)" } ?? "" }
    }
    return CSV.text([head] + rows)
  }
}
