import FERTraining
import FERCore
import FERData
import NeuralKit
import TensorKit
import Support

/// What a model says of images, as a picture: beside each face the distribution of the head, of each correction term
/// and the balanced one, each with its confidence. After figure 5 of Wasi et al. 2023, ARBEx, arXiv:2305.01486. Where the
/// model noticed something of the views or the places of the face, the face once more for each, with it drawn over
/// (``EvidencePicture``); what is one number stands under the face.
package struct PredictionPicture {
  /// One image and what the model says of it.
  package struct Card {
    /// The image as it was read, or as the model saw it.
    package var image: Image
    /// The distributions.
    package var row: EvaluatedSample
    /// Whether the model is too unsure to be taken at its word.
    package var isAbstained: Bool
    /// The box of each view that the model saw, as shares of the image's sides.
    package var views: [Canvas.Box]

    /// A card from its parts.
    package init(
      image: Image, row: EvaluatedSample, isAbstained: Bool = false, views: [Canvas.Box] = []
    ) {
      (self.image, self.row, self.isAbstained, self.views) = (image, row, isAbstained, views)
    }
  }

  /// How many images one picture shows; of more it says how many are left out.
  package static let mostCards = 30
  /// How many classes a card shows, the most likely ones where there are more.
  static let mostClasses = 12

  private let classes: [String]
  private let termNames: [String]
  private let cards: [Card]
  private let leftOut: Int

  /// - Parameter termNames: the correction terms, in the order of `EvaluatedSample.terms`.
  package init(classes: [String], termNames: [String], cards: [Card]) {
    self.classes = classes
    self.termNames = termNames
    self.cards = Array(cards.prefix(Self.mostCards))
    leftOut = cards.count - self.cards.count
  }

  /// The picture, two pixels a point.
  package func image() -> Image {
    let size = (width: cardWidth, height: cardHeight)
    let margin = 20.0
    let step = (x: size.width + margin, y: size.height + margin)
    let columns = columns(step: step)
    let rows = (cards.count + columns - 1) / columns
    let footer = leftOut > 0 ? 24.0 : 0
    var canvas = Canvas(
      width: margin + Double(columns) * step.x, height: margin + Double(rows) * step.y + footer,
      background: Look.ground)
    for (index, card) in cards.enumerated() {
      draw(
        card,
        in: Canvas.Box(
          x: margin + Double(index % columns) * step.x, y: margin + Double(index / columns) * step.y,
          width: size.width, height: size.height), on: &canvas)
    }
    if leftOut > 0 {
      canvas.write(
        "and \(leftOut) more image\(leftOut == 1 ? "" : "s")", x: margin, baseline: canvas.height - margin,
        Look.note)
    }
    return canvas.image
  }

  /// One for a few cards; else so many that the picture is not much taller than wide.
  private func columns(step: (x: Double, y: Double)) -> Int {
    guard cards.count > 3 else { return 1 }
    let enough = (1...cards.count).first { columns in
      Double((cards.count + columns - 1) / columns) * step.y <= 1.5 * Double(columns) * step.x
    }
    return max(enough ?? 1, cardWidth < 1000 ? 2 : 1)
  }

  /// Writes the picture as a PNG file, replacing what is there.
  /// - Throws: a `DataProblem` that names the file.
  package func write(to path: String) throws { try ImageFile.writePNG(image(), path: path) }

  // MARK: measures

  private static let (padding, face, column, columnGap, line, head) = (18.0, 156.0, 148.0, 22.0, 21.0, 46.0)
  private static let noteLine = 18.0

  private var shownClasses: Int { min(classes.count, Self.mostClasses) }
  private var columnNames: [String] { ["primary"] + termNames + (termNames.isEmpty ? [] : ["final"]) }

  private var nameWidth: Double {
    let widest = classes.map { Look.className.width(of: $0) }.max() ?? 0
    return min(150, max(50, widest))
  }

  private var cardWidth: Double {
    Self.padding * 3 + facesWidth + 6 + nameWidth + Double(columnNames.count) * (Self.column + Self.columnGap)
  }

  /// The face and, beside it, once more for each evidence that is drawn over it.
  private var facesWidth: Double {
    let drawn = cards.map { EvidencePicture.shown($0.row).count }.max() ?? 0
    return Self.face + Double(drawn) * (Self.face + Self.padding)
  }

  /// What is one number, in the order of names.
  private static func numbers(_ row: EvaluatedSample) -> [(name: String, value: Float)] {
    row.evidence.filter { $0.key.layout == .sample }.sorted { $0.key.name < $1.key.name }
      .map { ($0.key.name, $0.value.first?.first ?? .nan) }
  }

  private var cardHeight: Double {
    let bars = Self.head + Double(shownClasses) * Self.line + (classes.count > shownClasses ? Self.line : 0)
    let numbers = cards.map { Self.numbers($0.row).count }.max() ?? 0
    return Self.padding * 2 + max(Self.face + 66 + Double(numbers) * Self.noteLine, bars)
  }

  // MARK: one card

  private func draw(_ card: Card, in box: Canvas.Box, on canvas: inout Canvas) {
    canvas.fill(box, Look.edge, radius: 7)
    canvas.fill(box.inset(1), Look.card, radius: 6)
    drawFace(card, x: box.x + Self.padding, y: box.y + Self.padding, on: &canvas)
    for (place, shown) in EvidencePicture.shown(card.row).enumerated() {
      drawEvidence(
        shown, of: card, x: box.x + Self.padding + Double(place + 1) * (Self.face + Self.padding),
        y: box.y + Self.padding, on: &canvas)
    }
    drawDistributions(
      card, x: box.x + Self.padding * 2 + facesWidth, y: box.y + Self.padding, box, on: &canvas)
  }

  private func drawFace(_ card: Card, x: Double, y: Double, on canvas: inout Canvas) {
    let frame = Canvas.Box(x: x, y: y, width: Self.face, height: Self.face)
    canvas.fill(frame, Look.track)
    canvas.draw(card.image, in: frame)
    var baseline = y + Self.face + 22
    let verdict = card.isAbstained ? Look.abstained : Look.verdict
    let winner = card.row.final.isEmpty ? "?" : name(card.row.prediction)
    canvas.write(
      verdict.fitted(card.isAbstained ? "no decision" : winner, width: Self.face), x: x, baseline: baseline,
      verdict)
    baseline += 19
    let confidence = "confidence \(Self.percent(card.row.confidence))"
    let second = card.isAbstained ? "\(winner)? \(confidence)" : confidence
    canvas.write(Look.note.fitted(second, width: Self.face), x: x, baseline: baseline, Look.note)
    baseline += Self.noteLine
    var file = PathText.name(of: card.row.id)
    if let label = card.row.label { file = "\(name(label)): \(file)" }
    canvas.write(
      Look.note.fitted(file, width: Self.face, keepsEnd: true), x: x, baseline: baseline, Look.note)
    for (name, value) in Self.numbers(card.row) {
      baseline += Self.noteLine
      let text = "\(name) \(Double(value).rounded(places: 3))"
      canvas.write(Look.note.fitted(text, width: Self.face), x: x, baseline: baseline, Look.note)
    }
  }

  private func drawEvidence(
    _ shown: EvidencePicture.Shown, of card: Card, x: Double, y: Double, on canvas: inout Canvas
  ) {
    let frame = Canvas.Box(x: x, y: y, width: Self.face, height: Self.face)
    canvas.fill(frame, Look.track)
    EvidencePicture(face: card.image, views: card.views).draw(shown, in: frame, on: &canvas)
    var heading = Look.className
    heading.isBold = true
    canvas.write(
      heading.fitted(shown.key.name, width: Self.face), x: x, baseline: frame.bottom + 18, heading)
    canvas.write(
      Look.note.fitted(EvidencePicture.note(shown), width: Self.face), x: x, baseline: frame.bottom + 36,
      Look.note)
  }

  private func drawDistributions(
    _ card: Card, x: Double, y: Double, _ box: Canvas.Box, on canvas: inout Canvas
  ) {
    let sets = [card.row.primary] + card.row.terms + (termNames.isEmpty ? [] : [card.row.final])
    let order = shownOrder(card.row.final)
    let predicted = card.row.final.isEmpty ? nil : card.row.prediction
    for (place, label) in order.enumerated() {
      let top = y + Self.head + Double(place) * Self.line
      if label == predicted {
        let band = Canvas.Box(x: x - 8, y: top, width: box.right - Self.padding - x + 16, height: Self.line)
        canvas.fill(band, card.isAbstained ? Look.doubt : Look.chosen, radius: 4)
      }
      var style = Look.className
      style.isBold = label == predicted
      canvas.write(style.fitted(name(label), width: nameWidth), x: x, baseline: top + 14.5, style)
    }
    if order.count < classes.count {
      let baseline = y + Self.head + Double(order.count) * Self.line + 14.5
      canvas.write("\(classes.count - order.count) less likely classes", x: x, baseline: baseline, Look.note)
    }
    for (place, values) in sets.enumerated() where place < columnNames.count {
      let isFinal = place == columnNames.count - 1
      let colour = isFinal ? (card.isAbstained ? Look.doubtful : Look.final) : Look.colour(place)
      let left = x + nameWidth + 6 + Self.columnGap + Double(place) * (Self.column + Self.columnGap)
      drawColumn(columnNames[place], values, order, colour, x: left, y: y, isFinal: isFinal, on: &canvas)
    }
  }

  private func drawColumn(
    _ title: String, _ values: [Float], _ order: [Int], _ colour: Canvas.Colour, x: Double, y: Double,
    isFinal: Bool, on canvas: inout Canvas
  ) {
    var heading = Look.className
    heading.isBold = true
    canvas.write(heading.fitted(title, width: Self.column), x: x, baseline: y + 12, heading)
    let confidence = values.isEmpty ? .nan : Tensor([1, values.count], values).confidence().item
    canvas.write("confidence \(Self.percent(confidence))", x: x, baseline: y + 29, Look.small)
    canvas.fill(Canvas.Box(x: x, y: y + 36, width: Self.column, height: 2), colour)
    let room = Self.column - 42
    for (place, label) in order.enumerated() where values.indices.contains(label) {
      let value = values[label]
      let top = y + Self.head + Double(place) * Self.line
      let isFirst = label == values.firstMaximum
      canvas.fill(Canvas.Box(x: x, y: top + 5.5, width: room, height: 10), Look.track, radius: 2)
      let length = room * Double(value.isFinite ? max(0, min(1, value)) : 0)
      let bar = Canvas.Box(x: x, y: top + 5.5, width: length, height: 10)
      canvas.fill(bar, isFirst ? colour : colour.lightened(by: 0.5), radius: 2)
      var style = Look.number
      style.isBold = isFirst
      canvas.write(Self.percent(value), x: x + Self.column, baseline: top + 14.5, style)
    }
  }

  /// The classes of a card from top to bottom: all in their order, or the most likely where there are too many.
  private func shownOrder(_ final: [Float]) -> [Int] {
    guard classes.count > shownClasses, final.count == classes.count else { return Array(0..<shownClasses) }
    return Array(final.indices.sorted { (final[$1], $0) < (final[$0], $1) }.prefix(shownClasses))
  }

  private func name(_ label: Int) -> String {
    classes.indices.contains(label) ? classes[label] : "class \(label)"
  }

  /// "83.4 %", or a dash where there is no number.
  package static func percent(_ share: Float) -> String {
    guard share.isFinite else { return "-" }
    return (Double(share) * 100).rounded(places: 1) + " %"
  }

  /// Colours that stay apart for most eyes (Okabe and Ito 2008), and the sizes of letters.
  enum Look {
    static let (ground, card, edge, track) = (
      Canvas.Colour(0xf3f5f7), Canvas.Colour(0xffffff), Canvas.Colour(0xdde2e7), Canvas.Colour(0xedf0f3)
    )
    static let (final, doubtful) = (Canvas.Colour(0x0072b2), Canvas.Colour(0xd55e00))
    static let (chosen, doubt) = (Canvas.Colour(0xe4f0f8), Canvas.Colour(0xfbeadf))
    private static let (dark, quiet) = (Canvas.Colour(0x1f2933), Canvas.Colour(0x5f6b77))
    static let verdict = Canvas.TextStyle(11.5, dark, isBold: true)
    static let abstained = Canvas.TextStyle(11.5, doubtful, isBold: true)
    static let className = Canvas.TextStyle(8, dark)
    static let number = Canvas.TextStyle(7.5, dark, alignment: .right)
    static let note = Canvas.TextStyle(8, quiet)
    static let small = Canvas.TextStyle(7.5, quiet)
    private static let terms = [0x7b8794, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9].map { Canvas.Colour($0) }
    /// The head's colour, then those of the terms.
    static func colour(_ place: Int) -> Canvas.Colour { terms[place % terms.count] }
  }
}
