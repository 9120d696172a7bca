import FERCore
import Support

/// A table of numbers whose cells are shaded by them.
package struct HeatMap {
  let title: String
  /// What stands where the names of rows and columns meet.
  let corner: String
  let rows: [String]
  let columns: [String]
  /// By row and column; nil where there is no number.
  let cells: [[(value: Double, text: String)?]]

  /// The numbers alone.
  package var table: Table {
    Table(
      title, columns: [corner] + columns,
      rows: zip(rows, cells).map { name, row in [name] + row.map { $0?.text ?? "–" } })
  }

  /// The largest number is the darkest. As HTML.
  var html: String {
    let values = cells.joined().compactMap { $0?.value }.filter(\.isFinite)
    guard let low = values.min(), let high = values.max() else { return "" }
    let head = columns.map { "<th>\($0.htmlEscaped)</th>" }.joined()
    let lines = zip(rows, cells).map { name, row in
      let fields = row.map { cell -> String in
        guard let cell else { return "<td>&ndash;</td>" }
        let share = high > low && cell.value.isFinite ? (cell.value - low) / (high - low) : 0.5
        let shade = "background: rgba(31, 90, 150, \((0.08 + 0.82 * share).rounded(places: 2)))"
        return "<td style=\"\(shade)\(share > 0.5 ? "; color: #fff" : "")\">\(cell.text.htmlEscaped)</td>"
      }
      return "<tr><th>\(name.htmlEscaped)</th>\(fields.joined())</tr>"
    }
    return
      "<h2>\(title.htmlEscaped)</h2>\n<div class=\"scroll\"><table><thead><tr><th>\(corner.htmlEscaped)</th>\(head)</tr></thead>\n"
      + "<tbody>\(lines.joined(separator: "\n"))</tbody></table></div>\n"
  }
}
