import FERCore
import FERData
import FERTraining
import Foundation
import Support

/// A report as it is written: its page, and a file for each of its figures and tables.
struct ReportPage {
  /// The parts of the page so far, as HTML.
  private(set) var body = ""
  /// What leads to each of them.
  private(set) var headings: [(anchor: String, title: String)] = []
  /// Names with their endings, and contents.
  private(set) var files: [(name: String, text: String)] = []
  private var taken: Set<String> = []

  /// Adds a part; nothing where it has nothing to show. One that fails says so in its place.
  mutating func add(_ part: ReportPart, of subject: ReportSubject) {
    let content: String
    do {
      let items = try part.items(subject)
      guard !items.isEmpty else { return }
      content = html(of: items, in: part)
    } catch {
      content = Report.note(["This could not be made: \(error)"])
    }
    guard !content.isEmpty else { return }
    let anchor = "part-\(headings.count + 1)"
    headings.append((anchor, part.title))
    body += "<h2 id=\"\(anchor)\">\(part.title.htmlEscaped)</h2>\n" + content
  }

  /// Adds the files of a table that the page shows elsewhere.
  mutating func addFile(of table: Table) { files.append((stem(for: table) + ".csv", table.csv)) }

  /// Figures that follow each other stand in a row.
  private mutating func html(of items: [ReportSection.Item], in part: ReportPart) -> String {
    var (text, row) = ("", [String]())
    func closed() -> String { row.isEmpty ? "" : "<div class=\"row\">\(row.joined(separator: "\n"))</div>\n" }
    for item in items {
      if case .figure(let svg, let caption, let numbers) = item {
        row.append(figure(svg, caption, numbers))
        continue
      }
      text += closed()
      row = []
      switch item {
      case .table(let table): text += self.table(table, in: part)
      case .pictures(let pictures): text += Self.faces(pictures)
      case .figure: break
      }
    }
    return text + closed()
  }

  private mutating func figure(_ svg: String, _ caption: String, _ numbers: Table) -> String {
    let stem = stem(for: numbers)
    files += [(stem + ".svg", StandaloneSVG.text(svg)), (stem + ".csv", numbers.csv)]
    let words = caption.isEmpty ? "" : "<figcaption>\(caption.htmlEscaped)</figcaption>"
    return "<figure><div class=\"scroll\(Self.isWide(svg) ? " wide" : "")\">\(svg)</div>\(words)</figure>"
  }

  /// Whether a figure would be too small to read on a phone if it were shrunk to its width.
  private static func isWide(_ svg: String) -> Bool {
    let width = svg.prefixMatch(of: /<svg[^>]* width=["']([0-9.]+)/).flatMap { Double($0.1) }
    return width.map { $0 > 460 } ?? false
  }

  private mutating func table(_ table: Table, in part: ReportPart) -> String {
    let stem = stem(for: table)
    files.append((stem + ".csv", table.csv))
    let title = table.title == part.title ? "" : "<h3>\(table.title.htmlEscaped)</h3>\n"
    guard table.rows.count > part.rowLimit else { return title + Report.html(of: table) }
    let shown = Table(table.title, columns: table.columns, rows: Array(table.rows.prefix(part.rowLimit)))
    return title + Report.html(of: shown)
      + "<p>The first \(part.rowLimit) of \(table.rows.count.grouped) rows; all are in \(stem.htmlEscaped).csv.</p>\n"
  }

  private static func faces(_ pictures: [(image: Image, caption: String)]) -> String {
    let figures = pictures.compactMap { image, caption in
      image.source(side: 112).map {
        "<figure><img src=\"\($0)\" alt=\"\"><figcaption>\(caption.htmlEscaped)</figcaption></figure>"
      }
    }
    return figures.isEmpty ? "" : "<div class=\"row faces\">\(figures.joined(separator: "\n"))</div>\n"
  }

  /// What the files of a table are called, each table's otherwise than all others'.
  private mutating func stem(for table: Table) -> String {
    let wanted = table.stem.isEmpty ? "table" : String(table.stem.prefix(80))
    var (stem, number) = (wanted, 1)
    while !taken.insert(stem).inserted {
      number += 1
      stem = "\(wanted)-\(number)"
    }
    return stem
  }
}

extension Report {
  /// A table as HTML, its title left to the caller; sentences, where it has a single column. What has some rows can be sorted.
  static func html(of table: Table) -> String {
    guard table.columns.count > 1 else { return note(table.rows.compactMap(\.first)) }
    let row = { (cells: [String], tag: String) in
      "<tr>" + cells.map { "<\(tag)>\($0.htmlEscaped)</\(tag)>" }.joined() + "</tr>"
    }
    let words = table.columns.indices.dropFirst().filter { !table.isNumeric($0) }.map { " w\($0 + 1)" }
    let isSorted = table.rows.count > 3
    // More columns than paper has room for words.
    let many = table.columns.count > 9 ? " many" : ""
    let kind = (isSorted ? "sortable" : "plain") + many + words.joined()
    return "<div class=\"scroll\(table.rows.count > 40 ? " tall" : "")\"><table class=\"\(kind)\">"
      + "<thead>\(row(table.columns, "th"))</thead>\n<tbody>"
      + table.rows.map { row($0, "td") }.joined(separator: "\n") + "</tbody></table></div>\n"
  }

  /// Sentences that have to be seen.
  static func note(_ sentences: [String]) -> String {
    guard !sentences.isEmpty else { return "" }
    return "<div class=\"note\">" + sentences.map { "<p>\($0.htmlEscaped)</p>" }.joined(separator: "\n")
      + "</div>\n"
  }
}

extension Table {
  /// Whether a column holds numbers: some, and nothing else but gaps.
  fileprivate func isNumeric(_ column: Int) -> Bool {
    let cells = rows.compactMap { $0.indices.contains(column) ? $0[column] : nil }
      .filter { !$0.isEmpty && $0 != "–" }
    return !cells.isEmpty
      && cells.allSatisfy { cell in
        cell.contains(where: \.isNumber) && cell.allSatisfy { $0.isNumber || "+-−±.,%e– ".contains($0) }
      }
  }
}

extension Int {
  /// "3,610"
  var grouped: String {
    let digits = String(magnitude)
    let parts = stride(from: digits.count, to: 0, by: -3).map { end in
      String(digits.prefix(end).suffix(3))
    }
    return (self < 0 ? "-" : "") + parts.reversed().joined(separator: ",")
  }
}
