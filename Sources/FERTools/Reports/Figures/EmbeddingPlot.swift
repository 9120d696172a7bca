import Support

/// Points of a plane, coloured by class: images as dots, points of classes as diamonds.
struct EmbeddingPlot {
  struct Mark {
    let x: Double
    let y: Double
    /// Nil where it is not known.
    let label: Int?
  }

  let images: [Mark]
  let diamonds: [Mark]
  let classes: [String]

  private static let (side, margin, line) = (420.0, 8.0, 17.0)
  private static let unknown = "#8b919b"

  /// "" without points.
  var svg: String {
    let all = images + diamonds
    guard let left = all.map(\.x).min(), let right = all.map(\.x).max(), let low = all.map(\.y).min(),
      let high = all.map(\.y).max()
    else { return "" }
    // One scale for both directions: distances mean something, if only small ones.
    let scale = (Self.side - 2 * Self.margin) / max(right - left, high - low, 1e-9)
    let place = { (mark: Mark) in
      (
        x: Self.side / 2 + (mark.x - (left + right) / 2) * scale,
        y: Self.side / 2 - (mark.y - (low + high) / 2) * scale
      )
    }
    let legend = rows
    var drawing = SVGDrawing(width: Self.side, height: Self.side + Double(legend.count) * Self.line + 4)
    let groups = [nil] + classes.indices.map { Optional($0) }
    for label in groups {
      drawing.dots(images.filter { $0.label == label }.map(place), radius: 2.2, colour(label), opacity: 0.65)
    }
    for label in groups {
      drawing.diamonds(diamonds.filter { $0.label == label }.map(place), radius: 5, colour(label))
    }
    for (row, entries) in legend.enumerated() {
      let y = Self.side + 13 + Double(row) * Self.line
      for entry in entries {
        drawing.fill(x: entry.x, y: y - 9, width: 10, height: 10, colour(entry.label))
        drawing.write(entry.name, x: entry.x + 14, y: y)
      }
    }
    return drawing.svg
  }

  private func colour(_ label: Int?) -> String { label.map(Palette.color) ?? Self.unknown }

  /// The classes' names, in lines as wide as the picture.
  private var rows: [[(name: String, label: Int?, x: Double)]] {
    let isUnknown = images.contains { $0.label == nil }
    let entries = classes.indices.map { (classes[$0], Optional($0)) } + (isUnknown ? [("unknown", nil)] : [])
    var (rows, x) = ([[(name: String, label: Int?, x: Double)]](), Self.side)
    for (name, label) in entries {
      let text = SVGDrawing.fitted(name, width: 180)
      let width = 14 + SVGDrawing.width(of: text)
      if x + width > Self.side {
        rows.append([])
        x = 0
      }
      rows[rows.count - 1].append((text, label, x))
      x += width + 14
    }
    return rows
  }
}
