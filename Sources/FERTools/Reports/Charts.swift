import FERTraining
import Support

/// Lines over epochs, as SVG.
struct LineChart {
  /// One line; epochs without a number are left out.
  struct Line {
    let name: String
    let points: [(x: Double, y: Double)]

    init(_ name: String, _ points: [(epoch: Int, value: Double?)]) {
      self.name = name
      self.points = points.compactMap { point in point.value.map { (Double(point.epoch), $0) } }
    }
  }

  let title: String
  let lines: [Line]

  private static let (width, height, left, bottom, top) = (420.0, 260.0, 48.0, 28.0, 30.0)

  var svg: String {
    let all = lines.flatMap(\.points)
    guard let firstX = all.map(\.x).min(), let lastX = all.map(\.x).max(), let low = all.map(\.y).min(),
      let high = all.map(\.y).max()
    else { return "" }
    let x = { Self.left + ($0 - firstX) / max(lastX - firstX, 1e-9) * (Self.width - Self.left - 10) }
    let y = {
      Self.height - Self.bottom - ($0 - low) / max(high - low, 1e-9) * (Self.height - Self.bottom - Self.top)
    }
    var text = "<svg width=\"420\" height=\"260\" viewBox=\"0 0 420 260\" role=\"img\">"
    text += "<text x=\"\(Self.left)\" y=\"14\" style=\"font-weight: 600\">\(title.htmlEscaped)</text>"
    for share in [0, 0.25, 0.5, 0.75, 1] {
      let value = low + share * (high - low)
      let line = place(y(value))
      text +=
        "<line x1=\"\(Self.left)\" x2=\"410\" y1=\"\(line)\" y2=\"\(line)\" stroke=\"#ddd\"/>"
        + "<text x=\"42\" y=\"\(place(y(value) + 4))\" text-anchor=\"end\">\(value.rounded(places: 3))</text>"
    }
    for value in firstX == lastX ? [firstX] : [firstX, lastX] {
      text += "<text x=\"\(place(x(value)))\" y=\"250\" text-anchor=\"middle\">epoch \(Int(value))</text>"
    }
    for (index, line) in lines.enumerated() where !line.points.isEmpty {
      let color = Palette.color(index)
      let points = line.points.map { "\(place(x($0.x))),\(place(y($0.y)))" }
      text +=
        "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"\(color)\" "
        + "stroke-width=\"2\"/>"
      if points.count == 1 {
        let (dotX, dotY) = (place(x(line.points[0].x)), place(y(line.points[0].y)))
        text += "<circle cx=\"\(dotX)\" cy=\"\(dotY)\" r=\"3\" fill=\"\(color)\"/>"
      }
      let legend = 200 + 100 * Double(index)
      text +=
        "<rect x=\"\(legend)\" y=\"6\" width=\"10\" height=\"10\" fill=\"\(color)\"/>"
        + "<text x=\"\(legend + 15)\" y=\"15\">\(line.name.htmlEscaped)</text>"
    }
    return text + "</svg>"
  }
}

/// Points of several classes, as SVG.
struct ScatterPlot {
  struct Point {
    let x: Float
    let y: Float
    let label: Int
  }

  let images: [Point]
  /// Points that stand out.
  let diamonds: [Point]
  let classes: [String]

  var svg: String {
    let all = images + diamonds
    guard let left = all.map(\.x).min(), let right = all.map(\.x).max(), let low = all.map(\.y).min(),
      let high = all.map(\.y).max()
    else { return "" }
    let x = { (value: Float) in place(Double(10 + (value - left) / max(right - left, 1e-9) * 500)) }
    let y = { (value: Float) in place(Double(410 - (value - low) / max(high - low, 1e-9) * 400)) }
    var text = "<svg width=\"680\" height=\"420\" viewBox=\"0 0 680 420\" role=\"img\">"
    for point in images {
      let color = Palette.color(point.label)
      text +=
        "<circle cx=\"\(x(point.x))\" cy=\"\(y(point.y))\" r=\"2.5\" fill=\"\(color)\" fill-opacity=\"0.6\"/>"
    }
    for point in diamonds {
      text +=
        "<path d=\"M\(x(point.x)) \(y(point.y))m0 -6l6 6l-6 6l-6 -6z\" fill=\"\(Palette.color(point.label))\" "
        + "stroke=\"#222\"/>"
    }
    for (label, name) in classes.enumerated() {
      let line = 16 + 16 * Double(label)
      text +=
        "<rect x=\"530\" y=\"\(line - 9)\" width=\"10\" height=\"10\" fill=\"\(Palette.color(label))\"/>"
        + "<text x=\"546\" y=\"\(line)\">\(name.htmlEscaped)</text>"
    }
    return text + "</svg>"
  }
}

/// Colours that stay apart, also for most colour-blind eyes (Okabe and Ito 2008, then repeated darker).
enum Palette {
  private static let colors = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#333333", "#6a3d9a",
    "#b2182b",
  ]

  /// The colour of a class or line.
  static func color(_ index: Int) -> String { colors[((index % colors.count) + colors.count) % colors.count] }
}

/// A coordinate, in tenths of a pixel.
private func place(_ value: Double) -> String { value.rounded(places: 1) }
