import FERCore
import Support

/// Accuracy over the share of samples that are answered, the surest first.
struct CoveragePlot {
  let lines: [(name: String, points: [CoverageCurve.Point])]

  private static let (width, height, left, right, top, bottom) = (420.0, 250.0, 58.0, 24.0, 26.0, 40.0)

  /// "" where there is no point.
  var svg: String {
    guard let least = lines.flatMap(\.points).map(\.accuracy).min() else { return "" }
    let low = min(0.9, (least * 10).rounded(.down) / 10)
    let x = { Self.left + $0 * (Self.width - Self.left - Self.right) }
    let y = { Self.height - Self.bottom - ($0 - low) / (1 - low) * (Self.height - Self.bottom - Self.top) }
    var drawing = SVGDrawing(width: Self.width, height: Self.height)
    for share in [0, 0.25, 0.5, 0.75, 1] {
      let accuracy = low + share * (1 - low)
      drawing.line([(x(0), y(accuracy)), (x(1), y(accuracy))], opacity: 0.2)
      drawing.write("\((100 * accuracy).rounded(places: 1)) %", x: Self.left - 5, y: y(accuracy) + 4, .end)
      drawing.write("\(Int(100 * share)) %", x: x(share), y: Self.height - Self.bottom + 15, .middle)
    }
    drawing.write("share of the images that is answered", x: x(0.5), y: Self.height - 6, .middle)
    drawing.write("accuracy", x: 4, y: 12)
    var start = Self.left + 60
    for line in lines {
      let colour = FigureColour.distribution(line.name)
      drawing.line(line.points.map { (x($0.coverage), y($0.accuracy)) }, colour, width: 2)
      drawing.fill(x: start, y: 3, width: 10, height: 10, colour)
      drawing.write(line.name, x: start + 14, y: 12)
      start += 14 + SVGDrawing.width(of: line.name) + 14
    }
    return drawing.svg
  }
}
