import FERCore
import NeuralKit
import Support

extension EvaluatedSet {
  /// Every image with its class, all distributions and evidence of one number or one for each view; then what each
  /// distribution answers and how sure it is, what the balance made of the answer, and which points of classes are
  /// nearest. As comma-separated values (RFC 4180).
  package var predictionTable: String {
    let names = ["primary"] + termNames + ["final"]
    var columns = ["image", "class", "primary", "final", "confidence"]
    columns += names.flatMap { name in classes.map { "\(name) \($0)" } }
    columns += samples.first?.evidenceColumns ?? []
    columns += termNames.map { "\($0) answer" }
    columns += names.dropLast().map { "\($0) confidence" } + names.map { "\($0) probability" }
    columns += ["change", "right"] + (samples.first?.nearestColumns ?? [])
    return CSV.text([columns] + samples.map(cells))
  }

  private func cells(of row: EvaluatedSample) -> [String] {
    let distributions = [row.primary] + row.terms + [row.final]
    let text = { (values: [Float]) in values.map { "\($0)" } }
    var cells = [row.id, row.label.map { classes[$0] } ?? ""]
    cells += [classes[row.primaryPrediction], classes[row.prediction], "\(row.confidence)"]
    cells += text(distributions.flatMap { $0 }) + text(row.evidenceNumbers)
    cells += row.terms.map { classes[$0.firstMaximum] }
    cells +=
      text(distributions.dropLast().map(\.confidence)) + text(distributions.map { $0[$0.firstMaximum] })
    cells += [row.change.rawValue, row.isRight.map { $0 ? "yes" : "no" } ?? ""]
    return cells
      + row.nearestByName.flatMap { _, points in
        points.flatMap { [classes[$0.label], "\($0.distance)"] }
      }
  }
}

extension EvaluatedSample {
  /// The evidence that a table has room for, one number or one for each view, in the order of names.
  private var tabled: [(key: EvidenceKey, numbers: [Float])] {
    evidence.filter { $0.key.layout != .map }.sorted { $0.key.name < $1.key.name }
      .map { ($0.key, $0.value.flatMap { $0 }) }
  }

  /// What the columns of that evidence are called: its name, with the view's number where there is one for each view.
  var evidenceColumns: [String] {
    tabled.flatMap { key, numbers in
      key.layout == .sample ? [key.name] : numbers.indices.map { "\(key.name) \($0 + 1)" }
    }
  }

  /// What stands in those columns.
  var evidenceNumbers: [Float] { tabled.flatMap(\.numbers) }

  /// ``nearest`` in the order of names.
  package var nearestByName: [(key: EvidenceKey, points: [NearPoint])] {
    nearest.sorted { $0.key.name < $1.key.name }.map { ($0.key, $0.value) }
  }

  /// Names of two columns, class and distance, for each of the nearest points.
  fileprivate var nearestColumns: [String] {
    nearestByName.flatMap { key, points in
      points.indices.flatMap { ["\(key.name) \($0 + 1)", "\(key.name) \($0 + 1) distance"] }
    }
  }
}

extension Table {
  /// As comma-separated values.
  package var csv: String { CSV.text([columns] + rows) }

  /// What its file is called, without the ending.
  package var stem: String {
    title.split { !$0.isLetter && !$0.isNumber }.joined(separator: "-").lowercased()
  }
}

extension Evaluation {
  /// Primary, each correction term and final by themselves; nil without terms.
  package var balance: Table? {
    guard scores.count > 1 else { return nil }
    let rows = scores.map { score in
      [score.name, (100 * score.accuracy).rounded(places: 2)]
        + [
          score.negativeLogLikelihood, score.calibrationError, score.brierScore, score.confidence,
          score.deviation,
        ].map { $0.rounded(places: 3) }
    }
    return Table(
      "What balancing did",
      columns: ["distribution", "accuracy, %", "NLL", "ECE", "Brier", "confidence", "deviation over images"],
      rows: rows)
  }

  /// The names of the classes as heads of columns: whole where a line of 120 letters has room for them.
  private var columnNames: [String] {
    let first = set.classes.map(\.printable.count).max() ?? 0
    let room = max(9, (120 - max(first, 18)) / max(1, set.classes.count) - 2)
    return set.classes.map(\.printable).map { $0.count <= room ? $0 : $0.prefix(room - 1) + "…" }
  }

  /// The numbers side by side, for people.
  package var summary: String {
    let number = { (value: Double?) in value.map { ($0 * 100).rounded(places: 2) } ?? "-" }
    var rows = [["\(corrected.total) images, in %", "primary", "corrected"]]
    rows.append(["accuracy", number(primary.accuracy), number(corrected.accuracy)])
    rows.append(["macro precision", number(primary.macroPrecision), number(corrected.macroPrecision)])
    rows.append(["macro recall", number(primary.macroRecall), number(corrected.macroRecall)])
    rows.append(["macro F1", number(primary.macroF1), number(corrected.macroF1)])
    rows += metrics.map { name, value in [name.printable, "", value?.rounded(places: 4) ?? "-"] }
    if let balance {
      rows += [[], balance.columns] + balance.rows.map { [$0[0].printable] + $0.dropFirst() }
    }
    rows += [[], ["corrected, by class", "precision", "recall", "F1", "images"]]
    for label in set.classes.indices {
      let cells = [corrected.precision(label), corrected.recall(label), corrected.f1(label)].map(number)
      rows.append([set.classes[label].printable] + cells + ["\(corrected.support(label))"])
    }
    rows += [[], ["truth \\ corrected"] + columnNames]
    rows += zip(set.classes, corrected.counts).map { [$0.printable] + $1.map(String.init) }
    let warnings = balanceProblems.map { "\nwarning: \($0)\n" }.joined()
    return TextTable.text(rows, words: 1) + "\n" + warnings + (difference.map { "\n" + $0.summary } ?? "")
      + (temperatures.map { "\n" + $0.summary + "\n" } ?? "")
  }
}
