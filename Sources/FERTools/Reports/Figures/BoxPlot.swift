import Support

/// Numbers between 0 and 1 as boxes that lie below each other: from the lower to the upper quarter with the median in it, and
/// whiskers from the lowest to the highest twentieth.
struct BoxPlot {
  struct Row {
    let name: String
    let colour: String
    let summary: NumberSummary
  }

  /// What belongs together stands together.
  let groups: [(name: String, rows: [Row])]

  private static let (width, line, gap) = (420.0, 17.0, 24.0)

  var svg: String {
    let names = groups.flatMap { $0.rows.map(\.name) }
    let left = (names.map { SVGDrawing.width(of: $0) }.max() ?? 0) + 8
    let lines = groups.reduce(0) { $0 + Self.gap + Double($1.rows.count) * Self.line }
    var drawing = SVGDrawing(width: Self.width, height: lines + 20)
    let x = { left + $0 * (Self.width - left - 16) }
    for tick in [0, 0.25, 0.5, 0.75, 1] {
      drawing.line([(x(tick), 4), (x(tick), lines)], opacity: 0.2)
      drawing.write("\(tick)", x: x(tick), y: lines + 14, .middle)
    }
    var top = 0.0
    for group in groups {
      drawing.write(group.name, x: 0, y: top + 17, isBold: true)
      top += Self.gap
      for row in group.rows {
        let (q, middle) = (row.summary.quantiles, top + Self.line / 2)
        drawing.write(row.name, x: left - 8, y: middle + 4, .end)
        drawing.line([(x(q[0]), middle), (x(q[4]), middle)], row.colour, width: 2)
        drawing.fill(
          x: x(q[1]), y: top + 3, width: max(2, x(q[3]) - x(q[1])), height: Self.line - 6, row.colour)
        drawing.line([(x(q[2]), top + 1), (x(q[2]), top + Self.line - 1)], width: 2)
        top += Self.line
      }
    }
    return drawing.svg
  }
}
