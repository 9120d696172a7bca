import FERCore
import Support

/// Images beside what a model says of them, before and after balancing: a card each, two in a row. After figure 5 of Wasi et
/// al. 2023, ARBEx, arXiv:2305.01486.
struct DistributionCards {
  struct Card {
    /// What the image is called.
    let name: String
    /// The address of the image, which holds its content; nil where it is not at hand.
    let picture: String?
    /// The class that it was given.
    let label: Int?
    /// The distributions by their names, in the order of time.
    let distributions: [(name: String, values: [Float])]
  }

  let classes: [String]
  let cards: [Card]

  private static let (width, height, gap, face, bars) = (200.0, 122.0, 20.0, 56.0, 56.0)
  /// With more classes than these there is no room for letters.
  private static let mostLetters = 10

  var svg: String {
    let rows = Double((cards.count + 1) / 2)
    var drawing = SVGDrawing(width: 2 * Self.width + Self.gap, height: rows * Self.height)
    for (place, card) in cards.enumerated() {
      draw(
        card, x: Double(place % 2) * (Self.width + Self.gap), y: Double(place / 2) * Self.height, on: &drawing
      )
    }
    return drawing.svg
  }

  private func draw(_ card: Card, x: Double, y: Double, on drawing: inout SVGDrawing) {
    drawing.write(SVGDrawing.fitted(card.name, width: Self.width, size: 10), x: x, y: y + 10, size: 10)
    let (top, left) = (y + 16, x + Self.face + 8)
    if let picture = card.picture {
      drawing.picture(picture, x: x, y: top, width: Self.face, height: Self.face)
    }
    let slot = (Self.width - Self.face - 8) / Double(max(1, classes.count))
    let bar = (slot - 2) / Double(max(1, card.distributions.count))
    let base = top + Self.bars
    for (order, distribution) in card.distributions.enumerated() {
      for (label, value) in distribution.values.enumerated() {
        let height = max(0, min(1, Double(value))) * Self.bars
        drawing.fill(
          x: left + Double(label) * slot + Double(order) * bar, y: base - height, width: bar, height: height,
          FigureColour.distribution(distribution.name))
      }
    }
    drawing.line([(left, base), (x + Self.width, base)], opacity: 0.4)
    if let label = card.label {
      drawing.fill(x: left + Double(label) * slot, y: base + 1, width: slot - 2, height: 2.5)
    }
    if classes.count <= Self.mostLetters {
      for (label, name) in classes.enumerated() {
        drawing.write(
          String(name.prefix(2)), x: left + (Double(label) + 0.5) * slot - 1, y: base + 13, .middle, size: 9)
      }
    }
    let shapes = card.distributions.map { DistributionShape($0.values) }
    let told = { (value: (DistributionShape) -> Double) in
      shapes.map { value($0).rounded(places: 2) }.joined(separator: " → ")
    }
    drawing.write("max \(told(\.maximum)), min \(told(\.minimum))", x: x, y: base + 28, size: 10)
    drawing.write("standard deviation \(told(\.deviation))", x: x, y: base + 41, size: 10)
  }
}
