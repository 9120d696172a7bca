import FERCore
import Support

/// Reliability diagrams beside each other: accuracy by confidence, as lines on bars, with the gap between both, which a calibrated
/// model does not have; below, how many samples each bin holds.
struct ReliabilityPlot {
  let panels: [(name: String, diagram: ReliabilityDiagram)]

  private static let (side, left, gap, top, strip) = (170.0, 44.0, 34.0, 24.0, 26.0)

  var svg: String {
    let step = Self.side + Self.gap
    var drawing = SVGDrawing(
      width: Self.left + Double(panels.count) * step - Self.gap + 14,
      height: Self.top + Self.side + Self.strip + 44)
    drawing.write("accuracy", x: 13, y: Self.top + Self.side / 2, .middle, isUpright: true)
    for (place, panel) in panels.enumerated() {
      draw(panel.diagram, named: panel.name, left: Self.left + Double(place) * step, on: &drawing)
    }
    return drawing.svg
  }

  private func draw(
    _ diagram: ReliabilityDiagram, named name: String, left: Double, on drawing: inout SVGDrawing
  ) {
    let bottom = Self.top + Self.side
    let x = { left + $0 * Self.side }
    let y = { bottom - $0 * Self.side }
    drawing.write(name, x: left + Self.side / 2, y: Self.top - 9, .middle, isBold: true)
    for tick in [0, 0.5, 1] {
      drawing.line([(x(0), y(tick)), (x(1), y(tick))], opacity: 0.2)
      drawing.write(tick.rounded(places: 1), x: left - 5, y: y(tick) + 4, .end)
    }
    let most = Double(diagram.bins.map(\.count).max() ?? 0)
    let stripTop = bottom + 6
    for bin in diagram.bins {
      let (start, width) = (
        x(bin.bounds.lowerBound), (bin.bounds.upperBound - bin.bounds.lowerBound) * Self.side
      )
      if let accuracy = bin.accuracy, let confidence = bin.confidence {
        let (low, high) = (min(accuracy, confidence), max(accuracy, confidence))
        drawing.fill(
          x: start, y: y(low), width: width - 1, height: low * Self.side, FigureColour.distribution(name))
        drawing.fill(
          x: start, y: y(high), width: width - 1, height: (high - low) * Self.side, FigureColour.gap,
          opacity: 0.7)
        drawing.line([(start, y(accuracy)), (start + width - 1, y(accuracy))], width: 2)
      }
      let height = most > 0 ? Double(bin.count) / most * Self.strip : 0
      drawing.fill(x: start, y: stripTop, width: width - 1, height: height, opacity: 0.45)
    }
    drawing.line([(x(0), y(0)), (x(1), y(1))], opacity: 0.7, isDashed: true)
    let base = stripTop + Self.strip + 13
    for tick in [0, 0.5, 1] { drawing.write(tick.rounded(places: 1), x: x(tick), y: base, .middle) }
    drawing.write("probability", x: left + Self.side / 2, y: base + 15, .middle)
  }
}
