import FERCore
import NeuralKit
import Support

extension Evaluation {
  /// Every image with its class and all distributions, as comma-separated values (RFC 4180).
  public var predictionTable: String {
    let sets = ["primary"] + termNames + ["final"]
    let distributions = sets.flatMap { set in classes.map { "\(set) \($0)" } }
    var lines = [["image", "class", "primary", "final", "confidence"] + distributions]
    lines += rows.map { row in
      let label = row.label.map { classes[$0] } ?? ""
      let numbers = ([row.primary] + row.terms + [row.final]).flatMap { $0 }.map { "\($0)" }
      return [row.id, label, classes[row.primaryPrediction], classes[row.prediction], "\(row.confidence)"]
        + numbers
    }
    return lines.map { $0.map(CSV.field).joined(separator: ",") + "\r\n" }.joined()
  }
}

extension Evaluation {
  /// The numbers side by side, for people.
  public var summary: String {
    let number = { (value: Double?) in value.map { ($0 * 100).rounded(places: 2) } ?? "-" }
    let width = max(15, (classes.map(\.count).max() ?? 0) + 2)
    let row = { (name: String, cells: [String]) in
      name.printable.padded(to: width) + cells.map { $0.leftPadded(to: 10) }.joined() + "\n"
    }
    var text = row("\(corrected.total) images, in %", ["primary", "corrected"])
    text += row("accuracy", [number(primary.accuracy), number(corrected.accuracy)])
    text += row("macro precision", [number(primary.macroPrecision), number(corrected.macroPrecision)])
    text += row("macro recall", [number(primary.macroRecall), number(corrected.macroRecall)])
    text += row("macro F1", [number(primary.macroF1), number(corrected.macroF1)])
    text += "\n" + row("corrected, by class", ["precision", "recall", "F1", "images"])
    for label in classes.indices {
      let cells = [corrected.precision(label), corrected.recall(label), corrected.f1(label)].map(number)
      text += row(classes[label], cells + ["\(corrected.support(label))"])
    }
    text += "\n" + row("truth \\ corrected", classes.map { String($0.printable.prefix(9)) })
    for label in classes.indices { text += row(classes[label], corrected.counts[label].map(String.init)) }
    return text + (difference.map { "\n" + $0.summary } ?? "")
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
  fileprivate func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(1, width - count)) + self
  }
}
