import Support

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
    let names = classes.map { LabelWidth.cut($0, to: 160) }
    let width = place(552 + (names.map { LabelWidth.of($0) }.max() ?? 0))
    let height = place(max(420, 24 + 16 * Double(classes.count)))
    var text = "<svg width=\"\(width)\" height=\"\(height)\" viewBox=\"0 0 \(width) \(height)\" role=\"img\">"
    for point in images {
      text +=
        "<circle cx=\"\(x(point.x))\" cy=\"\(y(point.y))\" r=\"2.5\" fill=\"\(Palette.color(point.label))\" "
        + "fill-opacity=\"0.6\"/>"
    }
    for point in diamonds {
      text +=
        "<path d=\"M\(x(point.x)) \(y(point.y))m0 -6l6 6l-6 6l-6 -6z\" fill=\"\(Palette.color(point.label))\" "
        + "stroke=\"\(Palette.ink)\"/>"
    }
    for (label, name) in names.enumerated() {
      let line = 16 + 16 * Double(label)
      text +=
        "<rect x=\"530\" y=\"\(place(line - 9))\" width=\"10\" height=\"10\" fill=\"\(Palette.color(label))\"/>"
        + "<text x=\"546\" y=\"\(place(line))\">\(name.htmlEscaped)</text>"
    }
    return text + "</svg>"
  }
}
