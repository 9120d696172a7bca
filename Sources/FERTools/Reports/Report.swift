import FERTraining
import FERCore
import Foundation
import NeuralKit
import TensorKit
import Support

/// A run in pictures: one page that needs no network and runs no script.
public enum Report {
  /// Writes `report.html` into a run's folder.
  /// - Parameter evaluation: what the pictures of classes and embeddings show; nil leaves them out.
  /// - Parameter image: the image of that name, for the faces on the page; nil where it is not at hand.
  public static func write(
    _ evaluation: Evaluation?, for folder: RunFolder, named name: String,
    image: (String) -> Image? = { _ in nil }
  ) throws {
    let history = RunHistory(folder.file("metrics.jsonl"))
    try AtomicFile.write(
      page(name: name, history: history, evaluation, image: image), to: folder.file("report.html"))
  }

  /// Writes the pictures of an evaluation alone.
  public static func write(
    _ evaluation: Evaluation, to path: String, named name: String, image: (String) -> Image? = { _ in nil }
  ) throws {
    try AtomicFile.write(page(name: name, history: RunHistory(), evaluation, image: image), to: path)
  }

  static func page(
    name: String, history: RunHistory, _ evaluation: Evaluation?, image: (String) -> Image? = { _ in nil }
  ) -> String {
    var body = "<h1>\(name.htmlEscaped)</h1>\n"
    if let evaluation { body += headline(evaluation) }
    body += curves(history)
    if let evaluation {
      body +=
        confusion(evaluation) + perClass(evaluation) + surestMistakes(evaluation, image: image)
        + scatter(evaluation)
    }
    return """
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
    return
      "<p>\(evaluation.corrected.total) images, best weights</p>\n<table><thead><tr><th></th><th>primary</th>"
      + "<th>corrected</th></tr></thead>\n\(cells.joined(separator: "\n"))</table>\n"
  }

  private static func curves(_ history: RunHistory) -> String {
    guard !history.epochs.isEmpty else { return "" }
    let loss = LineChart(
      title: "Loss",
      lines: [
        .init("training", history.epochs.map { ($0.epoch, $0.loss) }),
        .init("validation", history.validations.map { ($0.epoch, $0.loss) }),
      ])
    let accuracy = LineChart(
      title: "Validation accuracy",
      lines: [
        .init("primary", history.validations.map { ($0.epoch, $0.primary.accuracy) }),
        .init("corrected", history.validations.map { ($0.epoch, $0.corrected.accuracy) }),
      ])
    return "<h2>Training</h2>\n<div class=\"row\">\(loss.svg)\(accuracy.svg)</div>\n"
  }

  private static func confusion(_ evaluation: Evaluation) -> String {
    let matrix = evaluation.corrected
    let head = evaluation.classes.map { "<th>\($0.htmlEscaped)</th>" }.joined()
    let rows = evaluation.classes.indices.map { truth -> String in
      let cells = matrix.counts[truth].map { count -> String in
        let share = Double(count) / Double(max(1, matrix.support(truth)))
        let color = share > 0.55 ? "#fff" : "#222"
        let style = "background: rgba(31, 90, 150, \(share.rounded(places: 2))); color: \(color)"
        return "<td style=\"\(style)\">\(count)</td>"
      }
      return "<tr><th>\(evaluation.classes[truth].htmlEscaped)</th>\(cells.joined())</tr>"
    }
    return "<h2>Corrected predictions by true class</h2>\n<table><thead><tr><th></th>\(head)</tr></thead>\n"
      + rows.joined(separator: "\n") + "</table>\n"
  }

  private static func perClass(_ evaluation: Evaluation) -> String {
    let rows = evaluation.classes.indices.map { label -> String in
      let cells = [evaluation.primary, evaluation.corrected].flatMap {
        [$0.precision(label), $0.recall(label), $0.f1(label)].map { "<td>\(percent($0))</td>" }
      }
      let name = evaluation.classes[label].htmlEscaped
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
    let labels = evaluation.rows.prefix(embeddings.shape[0]).map { $0.label ?? 0 }
    let images = labels.indices.map {
      ScatterPlot.Point(x: points[2 * $0], y: points[2 * $0 + 1], label: labels[$0])
    }
    var anchors: [ScatterPlot.Point] = []
    if let tensor = evaluation.anchors, tensor.rank == 3, tensor.shape[2] == embeddings.shape[1] {
      let (classes, each, size) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
      let values = components.project(tensor.reshaped([classes * each, size])).values
      anchors = (0..<classes * each).map { .init(x: values[2 * $0], y: values[2 * $0 + 1], label: $0 / each) }
    }
    let share = components.explained.reduce(0, +)
    let plot = ScatterPlot(images: images, anchors: anchors, classes: evaluation.classes)
    return
      "<h2>Embeddings</h2>\n<p>The first two principal components, \(percent(Double(share))) of the variance"
      + "\(anchors.isEmpty ? "" : "; diamonds are anchors").</p>\n\(plot.svg)\n"
  }

  private static func percent(_ value: Double?) -> String {
    value.map { (100 * $0).rounded(places: 1) + "&nbsp;%" } ?? "&ndash;"
  }
}

/// What metrics.jsonl tells; lines that are damaged are left out.
struct RunHistory {
  struct Epoch: Decodable {
    let epoch: Int
    let loss: Double?
  }
  struct Scores: Decodable { let accuracy: Double? }
  struct Validation: Decodable {
    let epoch: Int
    let loss: Double?
    let primary: Scores
    let corrected: Scores
  }
  private struct Kind: Decodable { let event: String }

  private(set) var epochs: [Epoch] = []
  private(set) var validations: [Validation] = []

  init() {}

  init(_ path: String) {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
    let decoder = JSONDecoder()
    for line in text.split(separator: "\n") {
      let data = Data(line.utf8)
      switch try? decoder.decode(Kind.self, from: data).event {
      case "epoch": if let epoch = try? decoder.decode(Epoch.self, from: data) { epochs.append(epoch) }
      case "validation":
        if let validation = try? decoder.decode(Validation.self, from: data) {
          validations.append(validation)
        }
      default: break
      }
    }
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
