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
      subject.omissions.append("What the model says of images: the recipe names no validation images.")
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
    try FileSystem.makeFolder(folder)
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

  /// What it takes to run it again, folded.
  private static func sources(of subject: ReportSubject) -> String {
    let environment = try? subject.folder.flatMap { try FileSystem.text(of: $0.file("environment.json")) }
    let texts = [("The recipe, with every value", subject.recipe?.text), ("What it ran on", environment)]
    return texts.map { title, text in
      text.map {
        "<details><summary>\(title)</summary><pre>\($0.htmlEscaped)</pre></details>\n"
      } ?? ""
    }.joined()
  }
}
