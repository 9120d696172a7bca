import FERCore
import FERTraining
import Support

/// Lines over a common axis, as SVG, with the numbers that are drawn.
package struct LineChart {
  /// One line; points without a number are left out.
  package struct Line {
    let name: String
    let color: Int?
    let isDashed: Bool
    let points: [(x: Double, y: Double)]

    /// - Parameter color: as ``Palette`` numbers them; nil: that of its place among the lines.
    package init(
      _ name: String, color: Int? = nil, isDashed: Bool = false, _ points: [(x: Double, y: Double?)]
    ) {
      (self.name, self.color, self.isDashed) = (name, color, isDashed)
      self.points = points.compactMap { x, y in
        y.flatMap { x.isFinite && $0.isFinite ? (x, $0) : nil }
      }
    }
  }

  /// What it shows.
  package let title: String
  /// In the order of the legend.
  package let lines: [Line]
  /// What the horizontal axis is, and its numbers.
  package var xName = "epoch"
  package var xKind = AxisScale.Kind.count
  /// What the vertical axis' numbers are.
  package var yKind = AxisScale.Kind.number
  /// A place along the horizontal axis, and what is there.
  package var mark: (x: Double, name: String)?

  package init(_ title: String, _ lines: [Line]) { (self.title, self.lines) = (title, lines) }

  private static let (width, plot, right, top) = (440.0, 190.0, 16.0, 24.0)

  /// The picture; empty where there is nothing to draw.
  package var svg: String {
    let all = lines.flatMap(\.points)
    guard !all.isEmpty else { return "" }
    let xScale = AxisScale(all.map(\.x), xKind, isTight: true, count: 8)
    let yScale = AxisScale(all.map(\.y), yKind)
    let left = (yScale.ticks.map { LabelWidth.of(yScale.label($0)) }.max() ?? 0) + 10
    let legend = legend(from: left)
    let (ceiling, floor) = (Self.top + legend.height, Self.top + legend.height + Self.plot)
    let x = { left + xScale.position($0) * (Self.width - left - Self.right) }
    let y = { floor - yScale.position($0) * Self.plot }
    let height = floor + 38
    var text =
      "<svg width=\"\(place(Self.width))\" height=\"\(place(height))\" "
      + "viewBox=\"0 0 \(place(Self.width)) \(place(height))\" role=\"img\" aria-label=\"\(title.htmlEscaped)\">"
      + "<text x=\"\(place(left))\" y=\"13\" font-weight=\"600\">"
      + "\(LabelWidth.cut(title, to: Self.width - left).htmlEscaped)</text>" + legend.svg
    for tick in yScale.ticks {
      text +=
        "<line x1=\"\(place(left))\" x2=\"\(place(Self.width - Self.right))\" y1=\"\(place(y(tick)))\" "
        + "y2=\"\(place(y(tick)))\" stroke=\"\(Palette.grid)\"/>"
        + "<text x=\"\(place(left - 6))\" y=\"\(place(y(tick) + 4))\" text-anchor=\"end\">"
        + "\(yScale.label(tick))</text>"
    }
    for tick in xScale.ticks {
      // The outermost label must not reach over the edge.
      let half = LabelWidth.of(xScale.label(tick)) / 2
      let middle = max(half, min(Self.width - half, x(tick)))
      text +=
        "<line x1=\"\(place(x(tick)))\" x2=\"\(place(x(tick)))\" y1=\"\(place(floor))\" "
        + "y2=\"\(place(floor + 4))\" stroke=\"\(Palette.soft)\"/>"
        + "<text x=\"\(place(middle))\" y=\"\(place(floor + 16))\" text-anchor=\"middle\">"
        + "\(xScale.label(tick))</text>"
    }
    text +=
      "<text x=\"\(place((left + Self.width - Self.right) / 2))\" y=\"\(place(floor + 31))\" "
      + "text-anchor=\"middle\">\(xName.htmlEscaped)</text>"
    if let mark, xScale.low...xScale.high ~= mark.x {
      text +=
        "<line x1=\"\(place(x(mark.x)))\" x2=\"\(place(x(mark.x)))\" y1=\"\(place(ceiling))\" "
        + "y2=\"\(place(floor))\" stroke=\"\(Palette.soft)\" stroke-dasharray=\"2 3\"/>"
    }
    for (index, line) in lines.enumerated() where !line.points.isEmpty {
      let points = line.points.map { "\(place(x($0.x))),\(place(y($0.y)))" }
      text +=
        "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" \(stroke(index)) "
        + "stroke-width=\"2\"/>"
      if let only = line.points.first, line.points.count == 1 {
        text +=
          "<circle cx=\"\(place(x(only.x)))\" cy=\"\(place(y(only.y)))\" r=\"3\" fill=\"\(Palette.color(lines[index].color ?? index))\"/>"
      }
    }
    return text + "</svg>"
  }

  private func stroke(_ index: Int) -> String {
    "stroke=\"\(Palette.color(lines[index].color ?? index))\""
      + (lines[index].isDashed ? " stroke-dasharray=\"5 3\"" : "")
  }

  /// The names of the lines below the title, in as many rows as they need; nothing for a single line of the title's name.
  private func legend(from left: Double) -> (svg: String, height: Double) {
    var entries = lines.enumerated().filter { !$0.element.points.isEmpty }.map {
      (name: $0.element.name, stroke: stroke($0.offset) + " stroke-width=\"2\"")
    }
    if let mark { entries.append((mark.name, "stroke=\"\(Palette.soft)\" stroke-dasharray=\"2 3\"")) }
    guard entries.count > 1 || entries.contains(where: { $0.name != title }) else { return ("", 0) }
    var (text, x, row) = ("", left, 0.0)
    for entry in entries {
      let name = LabelWidth.cut(entry.name, to: Self.width - left - 30)
      let width = 22 + LabelWidth.of(name) + 12
      if x > left, x + width > Self.width { (x, row) = (left, row + 1) }
      let y = Self.top + 16 * row
      text +=
        "<line x1=\"\(place(x))\" x2=\"\(place(x + 16))\" y1=\"\(place(y + 2))\" y2=\"\(place(y + 2))\" \(entry.stroke)/>"
        + "<text x=\"\(place(x + 21))\" y=\"\(place(y + 6))\">\(name.htmlEscaped)</text>"
      x += width
    }
    return (text, 16 * (row + 1))
  }

  /// What is drawn: a row for each place along the horizontal axis, a column for each line.
  package var numbers: Table {
    let places = Set(lines.flatMap { $0.points.map(\.x) }).sorted()
    let columns = lines.map { line in
      Dictionary(line.points.map { ($0.x, $0.y) }) { $1 }
    }
    return Table(
      title, columns: [xName] + lines.map(\.name),
      rows: places.map { x in
        [xKind == .count ? x.rounded(places: x == x.rounded() ? 0 : 4) : "\(x)"]
          + columns.map { column in column[x].map { "\($0)" } ?? "" }
      })
  }

  /// The picture with its numbers; nil where there is nothing to draw.
  package func item(_ caption: String = "") -> ReportSection.Item? {
    let svg = svg
    return svg.isEmpty ? nil : .figure(svg: svg, caption: caption, numbers: numbers)
  }
}
