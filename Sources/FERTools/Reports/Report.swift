import FERCore
import FERTraining
import Foundation
import Support

/// A run in figures and tables: one page that needs no network, and beside it a folder with each of them as a file.
package enum Report {
  /// Writes `report.html` and `report/` into a run's folder.
  package static func write(_ run: FinishedRun) throws {
    var subject = ReportSubject(run.folder, of: run.recipe, remarks: run.remarks)
    (subject.evaluation, subject.image) = (run.evaluation, run.image)
    if run.evaluation == nil {
      subject.omissions = ["What the model says of images: the recipe names no validation images."]
    } else {
      subject.weights = try? TrainedModel.weights(ofRun: run.folder.path)
    }
    try write(subject, to: run.folder.file("report.html"))
  }

  /// Writes a report's page, and its figures (SVG, CSV) and tables (CSV) into the folder of the page's name beside it.
  /// - Parameter path: of the page: "runs/mine/report.html".
  package static func write(_ subject: ReportSubject, to path: String) throws {
    let page = page(of: subject)
    let folder = path.hasSuffix(".html") ? String(path.dropLast(5)) : path + "-files"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch { throw FileProblem(folder, "cannot be made a folder: \(error.localizedDescription)") }
    for file in page.files { try AtomicFile.write(file.text, to: "\(folder)/\(file.name)") }
    try AtomicFile.write(page.html, to: path)
  }

  /// The page and its files.
  package static func page(of subject: ReportSubject) -> (html: String, files: [(name: String, text: String)])
  {
    let facts = SubjectFacts(subject)
    var page = ReportPage()
    page.addFile(of: facts.table)
    let sections = subject.recipe?.registry.reportSections ?? []
    for part in ReportPart.all + sections.map(ReportPart.init) + subject.remarks.map(ReportPart.init) {
      page.add(part, of: subject)
    }
    let links = page.headings.map { "<a href=\"#\($0.anchor)\">\($0.title.htmlEscaped)</a>" }
    let body =
      "<h1>\(subject.name.htmlEscaped)</h1>\n" + facts.html + omissions(of: subject)
      + (links.count > 2 ? "<nav>\(links.joined(separator: "\n"))</nav>\n" : "") + page.body
      + sources(of: subject)
    return (self.page(titled: subject.name, body), page.files)
  }

  private static func omissions(of subject: ReportSubject) -> String {
    var omissions = subject.omissions
    if subject.folder != nil, subject.evaluation != nil, subject.shrunk.isEmpty {
      omissions.append(
        "Accuracy on images of fewer pixels: arbex report tells it, as it takes three more looks at the images."
      )
    }
    return omissions.isEmpty ? "" : note(["What is left out here, and why:"] + omissions)
  }

<<<<<<< HEAD
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
=======
  /// What it takes to run it again, folded.
  private static func sources(of subject: ReportSubject) -> String {
    let environment = subject.folder.flatMap { OpenFile.text(of: $0.file("environment.json")) }
    let texts = [("The recipe, with every value", subject.recipe?.text), ("What it ran on", environment)]
    return texts.map { title, text in
      text.map {
        "<details><summary>\(title)</summary><pre>\($0.htmlEscaped)</pre></details>\n"
      } ?? ""
    }.joined()
>>>>>>> h1
  }
}
