/// An SVG picture while it is drawn, to be read on white, on black and on paper: words and lines have the colour of the text
/// around the picture, other colours are the caller's, who takes mid-tones.
///
/// Coordinates are pixels from the upper left corner. One that is not a number counts as 0, so that what was measured wrongly
/// breaks no page.
package struct SVGDrawing {
  /// A place, in pixels.
  package typealias Point = (x: Double, y: Double)
  /// Where a text lies beside its place.
  package enum Anchor: String, Sendable { case start, middle, end }

  private let width: Double
  private let height: Double
  private var body = ""

  /// An empty picture.
  package init(width: Double, height: Double) { (self.width, self.height) = (width, height) }

  /// The element, without scripts and links.
  package var svg: String {
    let (width, height) = (Self.number(width), Self.number(height))
    return "<svg width=\"\(width)\" height=\"\(height)\" viewBox=\"0 0 \(width) \(height)\" role=\"img\" "
      + "font-family=\"system-ui, sans-serif\" font-size=\"\(Self.number(Self.fontSize))\" fill=\"currentColor\">"
      + body + "</svg>"
  }

  // MARK: words

  /// The size of words where nothing else is said, in pixels.
  package static let fontSize = 11.0

  /// About how wide a text is, rather too wide: nobody knows the reader's font.
  package static func width(of text: String, size: Double = fontSize) -> Double {
    text.unicodeScalars.reduce(0) { $0 + ($1.isASCII ? 0.6 : 1) } * size
  }

  /// The text where it fits, else as much of its beginning as does.
  package static func fitted(_ text: String, width: Double, size: Double = fontSize) -> String {
    guard Self.width(of: text, size: size) > width else { return text }
    var kept = text
    while !kept.isEmpty, Self.width(of: kept, size: size) + size > width { kept.removeLast() }
    return kept + "…"
  }

  /// A line of words; `y` is their baseline.
  package mutating func write(
    _ text: String, x: Double, y: Double, _ anchor: Anchor = .start, size: Double = fontSize,
    isBold: Bool = false,
    isUpright: Bool = false
  ) {
    let (x, y) = (Self.number(x), Self.number(y))
    body += "<text x=\"\(x)\" y=\"\(y)\""
    if anchor != .start { body += " text-anchor=\"\(anchor.rawValue)\"" }
    // A style, as the rules of the page around it count for more than attributes.
    if size != Self.fontSize { body += " style=\"font-size: \(Self.number(size))px\"" }
    if isBold { body += " font-weight=\"600\"" }
    if isUpright { body += " transform=\"rotate(-90 \(x) \(y))\"" }
    body += ">\(text.htmlEscaped)</text>"
  }

  // MARK: shapes

  /// A filled box.
  package mutating func fill(
    x: Double, y: Double, width: Double, height: Double, _ colour: String = "currentColor",
    opacity: Double = 1
  ) {
    body +=
      "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(max(0, width)))\" "
      + "height=\"\(Self.number(max(0, height)))\" fill=\"\(colour)\"\(Self.share("fill-opacity", opacity))/>"
  }

  /// A line through some places.
  package mutating func line(
    _ points: [Point], _ colour: String = "currentColor", width: Double = 1, opacity: Double = 1,
    isDashed: Bool = false
  ) {
    let places = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
    body +=
      "<polyline points=\"\(places)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"\(Self.number(width))\""
      + Self.share("stroke-opacity", opacity) + (isDashed ? " stroke-dasharray=\"4 3\"" : "") + "/>"
  }

  /// Dots of one colour.
  package mutating func dots(_ points: [Point], radius: Double, _ colour: String, opacity: Double = 1) {
    guard !points.isEmpty else { return }
    body += "<g fill=\"\(colour)\"\(Self.share("fill-opacity", opacity))>"
    for point in points {
      body +=
        "<circle cx=\"\(Self.number(point.x))\" cy=\"\(Self.number(point.y))\" r=\"\(Self.number(radius))\"/>"
    }
    body += "</g>"
  }

  /// Squares that stand on a corner, with an edge that shows them on any ground.
  package mutating func diamonds(_ points: [Point], radius: Double, _ colour: String) {
    guard !points.isEmpty else { return }
    let r = Self.number(radius)
    body += "<g fill=\"\(colour)\" stroke=\"currentColor\">"
    for point in points {
      body +=
        "<path d=\"M\(Self.number(point.x)) \(Self.number(point.y))m0 -\(r)l\(r) \(r)l-\(r) \(r)l-\(r) -\(r)z\"/>"
    }
    body += "</g>"
  }

  /// A picture in a box, whole and in its shape.
  /// - Parameter source: its address, which holds its content: "data:image/png;base64,...".
  package mutating func picture(_ source: String, x: Double, y: Double, width: Double, height: Double) {
    body +=
      "<image href=\"\(source.htmlEscaped)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" "
      + "width=\"\(Self.number(width))\" height=\"\(Self.number(height))\"/>"
  }

  // MARK: text of elements

  private static func number(_ value: Double) -> String {
    let text = (value.isFinite ? value : 0).rounded(places: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func share(_ name: String, _ value: Double) -> String {
    value == 1 ? "" : " \(name)=\"\(value.rounded(places: 2))\""
  }
}

extension String {
  /// Fit to stand between tags or in an attribute.
  package var htmlEscaped: String {
    var result = ""
    // Sign by sign: with an accent behind it a quotation mark is another character, and ends an attribute all the same.
    for scalar in FileName.escaped(self).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
