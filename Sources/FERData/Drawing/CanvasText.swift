import Foundation

extension Canvas {
  /// How a line of text looks.
  package struct TextStyle: Sendable {
    /// The height of a capital, in points.
    package var size: Double
    package var colour: Colour
    package var isBold: Bool
    /// Which part of the line stands at its place.
    package var alignment: Alignment

    /// Which part of a line of text stands at its place.
    package enum Alignment: Sendable { case left, centre, right }

    /// - Parameter size: the height of a capital, in points.
    package init(_ size: Double, _ colour: Colour, isBold: Bool = false, alignment: Alignment = .left) {
      (self.size, self.colour, self.isBold, self.alignment) = (size, colour, isBold, alignment)
    }

    /// How wide a line is, from the left edge of its first stroke to the right edge of its last, in points.
    package func width(of text: String) -> Double {
      guard !text.isEmpty else { return 0 }
      let letters = text.reduce(0) { $0 + StrokeFont.glyph($1).width }
      return (letters + gap * Double(text.count - 1) + pen) * unit
    }

    /// The text, or what of it fits into that width with three dots in place of the rest.
    /// - Parameter keepsEnd: whether the end is worth more than the middle, as with the name of a file.
    package func fitted(_ text: String, width limit: Double, keepsEnd: Bool = false) -> String {
      guard width(of: text) > limit else { return text }
      let all = Array(text)
      for kept in stride(from: min(all.count - 1, 400), through: 1, by: -1) {
        let atEnd = keepsEnd ? kept * 2 / 3 : 0
        let short = String(all.prefix(kept - atEnd)) + "..." + String(all.suffix(atEnd))
        if width(of: short) <= limit { return short }
      }
      return ""
    }

    /// Points for one step of the letters' grid.
    var unit: Double { size / StrokeFont.capitalHeight }
    /// The pen's thickness, in steps of the grid.
    var pen: Double { isBold ? 2.4 : 1.55 }
    /// From the middle of a letter's last stroke to that of the next letter's first, in steps of the grid.
    var gap: Double { isBold ? 4.1 : 3.6 }
  }

  /// Writes a line.
  /// - Parameter x: where the line begins, has its middle, or ends, by the style's alignment.
  /// - Parameter baseline: the foot of the letters.
  package mutating func write(_ text: String, x: Double, baseline: Double, _ style: TextStyle) {
    var left = x + style.pen * style.unit / 2
    switch style.alignment {
    case .left: break
    case .centre: left -= style.width(of: text) / 2
    case .right: left -= style.width(of: text)
    }
    for character in text {
      let glyph = StrokeFont.glyph(character)
      draw(glyph, x: left, baseline: baseline, style)
      left += (glyph.width + style.gap) * style.unit
    }
  }

  private struct Segment {
    let x, y, dx, dy, lengthSquared: Double

    func distance(_ px: Double, _ py: Double) -> Double {
      let share = lengthSquared > 0 ? max(0, min(1, ((px - x) * dx + (py - y) * dy) / lengthSquared)) : 0
      let (ex, ey) = (px - x - share * dx, py - y - share * dy)
      return (ex * ex + ey * ey).squareRoot()
    }
  }

  private mutating func draw(_ glyph: StrokeFont.Glyph, x: Double, baseline: Double, _ style: TextStyle) {
    let step = style.unit * scale
    // Feet of letters stand on a line of pixels, so that they are sharp.
    let (left, top) = (
      x * scale, (baseline * scale).rounded() - StrokeFont.capitalHeight * step - step * style.pen / 2
    )
    var segments: [Segment] = []
    var dots: [Segment] = []
    for stroke in glyph.strokes {
      let points = stroke.map { (x: left + $0.x * step, y: top + $0.y * step) }
      if let only = points.first, points.count == 1 {
        dots.append(Segment(x: only.x, y: only.y, dx: 0, dy: 0, lengthSquared: 0))
      }
      for (start, end) in zip(points, points.dropFirst()) {
        let (dx, dy) = (end.x - start.x, end.y - start.y)
        segments.append(Segment(x: start.x, y: start.y, dx: dx, dy: dy, lengthSquared: dx * dx + dy * dy))
      }
    }
    guard !segments.isEmpty || !dots.isEmpty else { return }
    let radius = max(0.5, style.pen * step / 2)
    let box = Box(
      x: (left - radius) / scale, y: (top - radius) / scale, width: (glyph.width * step + 2 * radius) / scale,
      height: ((StrokeFont.capitalHeight + StrokeFont.descent) * step + 2 * radius) / scale)
    paint(box, style.colour) { px, py in
      var nearest = Double.infinity
      for segment in segments { nearest = min(nearest, segment.distance(px, py)) }
      // A dot has to be a little thicker than a line to look as heavy.
      for dot in dots { nearest = min(nearest, dot.distance(px, py) - radius * 0.25) }
      return radius + 0.5 - nearest
    }
  }
}
