import Support

/// What each of several changes brings, below each other: a dot where the difference is, a line over its interval, and a
/// line where nothing changes. What is told from nothing has full colour.
struct EffectPlot {
  struct Row {
    let name: String
    /// Nil where nothing is known yet.
    let mean: Double?
    /// Nil for single runs.
    let interval: ClosedRange<Double>?
    /// The numbers in words.
    let text: String
  }

  let title: String
  let rows: [Row]
  /// By what numbers are multiplied on the axis: 100 for points.
  var scale = 1.0

  private static let (line, top, middle, gap) = (18.0, 30.0, 240.0, 10.0)

  var svg: String {
    let left = (rows.map { SVGDrawing.width(of: $0.name) }.max() ?? 0) + Self.gap
    let right = (rows.map { SVGDrawing.width(of: $0.text) }.max() ?? 0) + Self.gap
    let bottom = Self.top + Double(rows.count) * Self.line
    var drawing = SVGDrawing(
      width: max(left + Self.middle + right, SVGDrawing.width(of: title)), height: bottom + 22)
    drawing.write(title, x: 0, y: 14, isBold: true)
    let reach = reach
    let x = { left + Self.middle * (0.5 + 0.5 * max(-1, min(1, $0 / reach))) }
    for tick in [-1, -0.5, 0, 0.5, 1] {
      drawing.line(
        [(x(tick * reach), Self.top - 6), (x(tick * reach), bottom)], opacity: tick == 0 ? 0.8 : 0.15)
      let number = (scale * tick * reach).rounded(places: scale * reach < 0.1 ? 3 : scale * reach < 5 ? 2 : 1)
      drawing.write((tick > 0 ? "+" : "") + number, x: x(tick * reach), y: bottom + 15, .middle)
    }
    for (place, row) in rows.enumerated() {
      let y = Self.top + (Double(place) + 0.5) * Self.line
      drawing.write(row.name, x: left - Self.gap, y: y + 4, .end)
      drawing.write(row.text, x: left + Self.middle + Self.gap, y: y + 4)
      guard let mean = row.mean, mean.isFinite else { continue }
      let isTold = row.interval.map { !$0.contains(0) } ?? false
      let colour = !isTold ? FigureColour.primary : mean < 0 ? FigureColour.gap : FigureColour.final
      if let interval = row.interval {
        drawing.line([(x(interval.lowerBound), y), (x(interval.upperBound), y)], colour, width: 2)
      }
      drawing.dots([(x(mean), y)], radius: 4, colour)
    }
    return drawing.svg
  }

  /// Half the axis: all means, and the intervals as far as they do not dwarf them.
  private var reach: Double {
    let means = rows.compactMap(\.mean).filter(\.isFinite).map(abs)
    let ends = rows.compactMap(\.interval).flatMap { [abs($0.lowerBound), abs($0.upperBound)] }.filter(
      \.isFinite)
    let (mean, end) = (means.max() ?? 0, ends.max() ?? 0)
    let reach = max(1.2 * mean, min(1.05 * end, 4 * mean))
    return reach > 0 ? reach : max(end, 1 / scale)
  }
}
