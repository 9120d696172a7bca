import FERCore
import NeuralKit
import Support

extension EvaluatedSet {
  /// Every image with its class, all distributions, and its evidence of one number or one for each view, as
  /// comma-separated values (RFC 4180).
  package var predictionTable: String {
    let distributions = (["primary"] + termNames + ["final"]).flatMap { set in classes.map { "\(set) \($0)" }
    }
    var lines = [
      ["image", "class", "primary", "final", "confidence"] + distributions
        + (samples.first?.evidenceColumns ?? [])
    ]
    lines += samples.map { row in
      let label = row.label.map { classes[$0] } ?? ""
      let numbers = (([row.primary] + row.terms + [row.final]).flatMap { $0 } + row.evidenceNumbers).map {
        "\($0)"
      }
      return [row.id, label, classes[row.primaryPrediction], classes[row.prediction], "\(row.confidence)"]
        + numbers
    }
    return CSV.text(lines)
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
}

extension Table {
  /// As comma-separated values.
  var csv: String { CSV.text([columns] + rows) }

  /// What its file is called.
  var fileName: String {
    title.map { $0.isLetter || $0.isNumber ? String($0).lowercased() : "-" }.joined() + ".csv"
  }
}

extension Evaluation {
  /// Primary, each correction term and final by themselves; nil without terms.
  package var balance: Table? {
    guard scores.count > 1 else { return nil }
    let rows = scores.map { score in
      [score.name, (100 * score.accuracy).rounded(places: 2)]
        + [score.negativeLogLikelihood, score.calibrationError, score.confidence, score.deviation].map {
          $0.rounded(places: 3)
        }
    }
    return Table(
      "What balancing did",
      columns: ["distribution", "accuracy, %", "NLL", "ECE", "confidence", "deviation over images"],
      rows: rows)
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
    rows += [[], ["truth \\ corrected"] + set.classes.map { String($0.printable.prefix(9)) }]
    rows += zip(set.classes, corrected.counts).map { [$0.printable] + $1.map(String.init) }
    let warnings = balanceProblems.map { "\nwarning: \($0)\n" }.joined()
    return TextTable.text(rows, words: 1) + "\n" + warnings + (difference.map { "\n" + $0.summary } ?? "")
      + (temperatures.map { "\n" + $0.summary + "\n" } ?? "")
  }
}
