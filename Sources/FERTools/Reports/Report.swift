import FERTraining
import FERCore
import Foundation
import NeuralKit
import TensorKit
import Support

/// A run in pictures: one page that needs no network and runs no script.
package enum Report {
  /// Writes `report.html` into a run's folder.
  package static func write(_ run: FinishedRun) throws {
    let history = LogLine.all(in: run.folder.file("metrics.jsonl"))
    let sections = run.recipe.registry.reportSections
    try AtomicFile.write(
      page(
        name: run.recipe.name, history: history, run.evaluation, sections: sections, remarks: run.remarks,
        image: run.image), to: run.folder.file("report.html"))
  }

  /// Writes the pictures of an evaluation alone.
  package static func write(
    _ evaluation: Evaluation, to path: String, named name: String, sections: [ReportSection] = [],
    image: (String) -> Image? = { _ in nil }
  ) throws {
    try AtomicFile.write(
      page(name: name, history: [], evaluation, sections: sections, image: image), to: path)
  }

  static func page(
    name: String, history: [LogLine], _ evaluation: Evaluation?, sections: [ReportSection] = [],
    remarks: [Table] = [], image: (String) -> Image? = { _ in nil }
  ) -> String {
    var body = "<h1>\(name.htmlEscaped)</h1>\n"
    if let evaluation { body += headline(evaluation) }
    body += curves(history)
    if let evaluation {
      body +=
        balance(evaluation) + confusion(evaluation) + perClass(evaluation)
        + surestMistakes(evaluation, image: image)
        + scatter(evaluation) + sections.map { html(of: $0, evaluation.set) }.joined()
    }
    body += remarks.map { "<h2>\($0.title.htmlEscaped)</h2>\n" + html(of: $0) }.joined()
    return page(titled: name, body)
  }

  /// A page of its own: no network, no script.
  static func page(titled name: String, _ body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(name.htmlEscaped)</title>
    <style>
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
    table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
    th, td { padding: 0.2rem 0.6rem; text-align: right; font-variant-numeric: tabular-nums; }
    th:first-child, td:first-child { text-align: left; }
    thead th { border-bottom: 1px solid #999; font-weight: 600; }
    .row { display: flex; flex-wrap: wrap; gap: 1.5rem; }
    figure { margin: 0; font-size: 13px; line-height: 1.3; }
    figure img { display: block; min-width: 96px; margin-bottom: 0.3rem; }
    svg text { font: 11px system-ui, sans-serif; fill: #444; }
    </style></head><body>
    \(body)</body></html>

    """
  }

  private static func headline(_ evaluation: Evaluation) -> String {
    let rows: [(String, (ConfusionMatrix) -> Double?)] = [
      ("accuracy", \.accuracy), ("macro precision", \.macroPrecision), ("macro recall", \.macroRecall),
      ("macro F1", \.macroF1),
    ]
    let cells = rows.map { name, value -> String in
      let numbers = [evaluation.primary, evaluation.corrected].map { "<td>\(percent(value($0)))</td>" }
      return "<tr><td>\(name)</td>\(numbers.joined())</tr>"
    }
    let further = evaluation.metrics.map { name, value in
      "<tr><td>\(name.htmlEscaped)</td><td></td><td>\(value.map { $0.rounded(places: 4) } ?? "&ndash;")</td></tr>"
    }
    return
      "<p>\(evaluation.corrected.total) images, best weights</p>\n<table><thead><tr><th></th><th>primary</th>"
      + "<th>corrected</th></tr></thead>\n\((cells + further).joined(separator: "\n"))</table>\n"
  }

  private static func curves(_ history: [LogLine]) -> String {
    let epochs = history.filter { $0.event == "epoch" },
      validations = history.filter { $0.event == "validation" }
    guard !epochs.isEmpty else { return "" }
    let loss = LineChart(
      title: "Loss",
      lines: [
        .init("training", epochs.map { ($0.epoch ?? 0, $0.loss) }),
        .init("validation", validations.map { ($0.epoch ?? 0, $0.loss) }),
      ])
    let accuracy = LineChart(
      title: "Validation accuracy",
      lines: [
        .init("primary", validations.map { ($0.epoch ?? 0, $0.primary?.accuracy) }),
        .init("corrected", validations.map { ($0.epoch ?? 0, $0.corrected?.accuracy) }),
      ])
    return "<h2>Training</h2>\n<div class=\"row\">\(loss.svg)\(accuracy.svg)</div>\n"
  }

  /// What each distribution is worth by itself; nothing without corrections.
  private static func balance(_ evaluation: Evaluation) -> String {
    guard let table = evaluation.balance else { return "" }
    let problems = evaluation.balanceProblems.map { "<p><strong>\($0.htmlEscaped)</strong></p>\n" }
    return "<h2>\(table.title)</h2>\n" + html(of: table) + problems.joined()
  }

  private static func confusion(_ evaluation: Evaluation) -> String {
    let matrix = evaluation.corrected
    let head = evaluation.set.classes.map { "<th>\($0.htmlEscaped)</th>" }.joined()
    let rows = evaluation.set.classes.indices.map { truth -> String in
      let cells = matrix.counts[truth].map { count -> String in
        let share = Double(count) / Double(max(1, matrix.support(truth)))
        let color = share > 0.55 ? "#fff" : "#222"
        let style = "background: rgba(31, 90, 150, \(share.rounded(places: 2))); color: \(color)"
        return "<td style=\"\(style)\">\(count)</td>"
      }
      return "<tr><th>\(evaluation.set.classes[truth].htmlEscaped)</th>\(cells.joined())</tr>"
    }
    return "<h2>Corrected predictions by true class</h2>\n<table><thead><tr><th></th>\(head)</tr></thead>\n"
      + rows.joined(separator: "\n") + "</table>\n"
  }

  private static func perClass(_ evaluation: Evaluation) -> String {
    let rows = evaluation.set.classes.indices.map { label -> String in
      let cells = [evaluation.primary, evaluation.corrected].flatMap {
        [$0.precision(label), $0.recall(label), $0.f1(label)].map { "<td>\(percent($0))</td>" }
      }
      let name = evaluation.set.classes[label].htmlEscaped
      return "<tr><td>\(name)</td><td>\(evaluation.corrected.support(label))</td>\(cells.joined())</tr>"
    }
    let head = "<th>precision</th><th>recall</th><th>F1</th>"
    return "<h2>Each class</h2>\n<table><thead><tr><th></th><th></th><th colspan=\"3\">primary</th>"
      + "<th colspan=\"3\">corrected</th></tr><tr><th></th><th>images</th>\(head)\(head)</tr></thead>\n"
      + rows.joined(separator: "\n") + "</table>\n"
  }

  private static func scatter(_ evaluation: Evaluation) -> String {
    guard let embeddings = evaluation.embeddings, embeddings.shape[0] > 2,
      let components = LinearAlgebra.principalComponents(of: embeddings, count: 2),
      components.projected.shape[1] == 2
    else { return "" }
    let points = components.projected.values
    let labels = evaluation.set.samples.prefix(embeddings.shape[0]).map { $0.label ?? 0 }
    let images = labels.indices.map {
      ScatterPlot.Point(x: points[2 * $0], y: points[2 * $0 + 1], label: labels[$0])
    }
    // Points of the same space that belong to classes [C, K, D].
    let marks = evaluation.shared.byName.filter { _, value in
      value.rank == 3 && value.shape[0] == evaluation.set.classes.count
        && value.shape[2] == embeddings.shape[1]
    }
    let diamonds = marks.flatMap { _, tensor in
      let (count, each) = (tensor.shape[0] * tensor.shape[1], tensor.shape[1])
      let values = components.project(tensor.reshaped([count, tensor.shape[2]])).values
      return (0..<count).map { ScatterPlot.Point(x: values[2 * $0], y: values[2 * $0 + 1], label: $0 / each) }
    }
    let share = components.explained.reduce(0, +)
    let plot = ScatterPlot(images: images, diamonds: diamonds, classes: evaluation.set.classes)
    return
      "<h2>Embeddings</h2>\n<p>The first two principal components, \(percent(Double(share))) of the variance"
      + "\(diamonds.isEmpty ? "" : "; diamonds are " + marks.map(\.key.name).joined(separator: ", ")).</p>\n\(plot.svg)\n"
  }

  /// A plug-in's section; nothing where it has nothing to show.
  private static func html(of section: ReportSection, _ set: EvaluatedSet) -> String {
    let items = section.items(set).map { item in
      switch item {
      case .table(let table): html(of: table)
      case .figure(let svg, let caption, _):
        "<figure>\(svg)<figcaption>\(caption.htmlEscaped)</figcaption></figure>\n"
      case .pictures(let pictures):
        "<div class=\"row\">"
          + pictures.compactMap { picture, caption in
            source(picture).map {
              "<figure><img src=\"\($0)\" alt=\"\"><figcaption>\(caption.htmlEscaped)</figcaption></figure>"
            }
          }.joined(separator: "\n") + "</div>\n"
      }
    }
    return items.isEmpty ? "" : "<h2>\(section.title.htmlEscaped)</h2>\n" + items.joined()
  }

  /// A table's title is the caller's to write.
  static func html(of table: Table) -> String {
    let row = { (cells: [String], tag: String) in
      "<tr>" + cells.map { "<\(tag)>\($0.htmlEscaped)</\(tag)>" }.joined() + "</tr>"
    }
    return "<table><thead>\(row(table.columns, "th"))</thead>\n"
      + table.rows.map { row($0, "td") }.joined(separator: "\n") + "</table>\n"
  }

  private static func percent(_ value: Double?) -> String {
    value.map { (100 * $0).rounded(places: 1) + "&nbsp;%" } ?? "&ndash;"
  }
}

extension String {
  /// Fit to stand between tags or in an attribute.
  var htmlEscaped: String {
    var result = ""
    for character in self {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }
}
