import FERCore
import FERData
import Foundation
import Support

/// One image and why a model says of it what it says, as a picture: the card of ``PredictionPicture``, then what the model
/// looked at, how the balance moved the answer, and which training faces lie near.
package struct ExplanationPicture {
  private let explanation: Explanation
  private let classes: [String]
  private let termNames: [String]
  private let face: Image
  private let boxes: [Canvas.Box]
  private let faces: TrainingFaces?

  /// - Parameter face: the image as it was read.
  /// - Parameter boxes: of its views, as shares of its sides; none where there is one.
  /// - Parameter faces: where the pictures of training faces come from.
  package init(
    _ explanation: Explanation, classes: [String], termNames: [String], face: Image,
    boxes: [Canvas.Box] = [], faces: TrainingFaces? = nil
  ) {
    (self.explanation, self.classes, self.termNames) = (explanation, classes, termNames)
    (self.face, self.boxes, self.faces) = (face, boxes, faces)
  }

  private typealias Look = PredictionPicture.Look
  private static let (margin, padding, panel, head, caption) = (20.0, 18.0, 156.0, 34.0, 44.0)
  /// A training face, and the lines below it.
  private static let (small, smallCaption, rowName) = (64.0, 30.0, 150.0)
  private static let (nameWidth, column, gap, line) = (80.0, 148.0, 22.0, 21.0)
  /// How many rows of training faces are drawn, and how many faces in each.
  static let (mostRows, mostFaces) = (6, 8)
  /// How many classes are drawn, those that moved most where there are more.
  static let mostClasses = PredictionPicture.mostClasses

  /// The picture, two pixels a point.
  package func image() -> Image {
    let card = PredictionPicture(
      classes: classes, termNames: termNames,
      cards: [PredictionPicture.Card(image: face, row: explanation.row, views: boxes)]
    ).image()
    let top = (width: Double(card.width) / 2, height: Double(card.height) / 2)
    let width = max(top.width, widest + 2 * (Self.margin + Self.padding))
    let sections = [
      (height(of: activation, width), drawActivation), (height(of: attention, width), drawAttention),
      (movesHeight, drawMoves), (facesHeight, drawFaces),
    ].filter { $0.0 > 0 }
    var canvas = Canvas(
      width: width, height: top.height + sections.reduce(0) { $0 + $1.0 + Self.margin },
      background: Look.ground
    )
    canvas.draw(card, in: Canvas.Box(x: 0, y: 0, width: top.width, height: top.height))
    var y = top.height
    for (height, draw) in sections {
      let box = Canvas.Box(x: Self.margin, y: y, width: width - 2 * Self.margin, height: height)
      canvas.fill(box, Look.edge, radius: 7)
      canvas.fill(box.inset(1), Look.card, radius: 6)
      draw(box, &canvas)
      y += height + Self.margin
    }
    return canvas.image
  }

  /// Writes the picture as a PNG file, replacing what is there.
  /// - Throws: a `DataProblem` that names the file.
  package func write(to path: String) throws { try ImageFile.writePNG(image(), path: path) }

  /// The width of the widest section that cannot be broken into lines.
  private var widest: Double {
    let columns = Double(explanation.row.terms.isEmpty ? 0 : explanation.row.terms.count + 1)
    let most = rows.map { min($0.faces.count, Self.mostFaces) }.max() ?? 0
    return max(
      Self.panel, Self.nameWidth + columns * (Self.column + Self.gap),
      Self.rowName + Double(most) * (Self.small + 10))
  }

  private func name(_ label: Int) -> String {
    classes.indices.contains(label) ? classes[label] : "class \(label)"
  }

  private func title(_ text: String, in box: Canvas.Box, on canvas: inout Canvas) {
    var style = Look.verdict
    style.size = 10
    canvas.write(
      style.fitted(text, width: box.width - 2 * Self.padding), x: box.x + Self.padding,
      baseline: box.y + Self.padding + 8, style)
  }

  // MARK: what it looked at

  /// A face with a map drawn over it, and what is written below it.
  private struct Panel {
    let name: String
    let note: String
    let map: FaceMap?
    /// The number from which on there are colours.
    var start: Float = 0
  }

  private var activation: [Panel] {
    explanation.levels.map { level in
      let name =
        "level \(level.number) of \(explanation.levels.count), \(level.size.height)x\(level.size.width)"
      guard let map = level.activation else {
        return Panel(name: name, note: "the class does not depend on it", map: nil)
      }
      let most = map.numbers.filter(\.isFinite).max() ?? 0
      return Panel(
        name: name, note: most > 0 ? "most \(Self.brief(most))" : "no place speaks for it", map: map)
    }
  }

  /// Attention is coloured where it is more than even.
  private var attention: [Panel] {
    explanation.attention.map { shown in
      let numbers = shown.map.numbers.filter(\.isFinite)
      let mean = numbers.reduce(0, +) / Float(max(1, numbers.count))
      return Panel(
        name: shown.name, note: "most \(Self.brief(numbers.max() ?? 0)), mean \(Self.brief(mean))",
        map: shown.map, start: mean)
    }
  }

  private static func brief(_ value: Float) -> String { String(format: "%.2g", Double(value)) }

  private func perRow(_ width: Double) -> Int {
    max(1, Int((width - 2 * (Self.margin + Self.padding) + Self.padding) / (Self.panel + Self.padding)))
  }

  private func height(of panels: [Panel], _ width: Double) -> Double {
    let rows = (panels.count + perRow(width) - 1) / perRow(width)
    return rows == 0 ? 0 : Self.padding + Self.head + Double(rows) * (Self.panel + Self.caption)
  }

  private func drawActivation(_ box: Canvas.Box, _ canvas: inout Canvas) {
    let what = explanation.row.terms.isEmpty ? "" : " (\(explanation.subject.rawValue))"
    title("What speaks for \"\(name(explanation.label))\"\(what)", in: box, on: &canvas)
    draw(activation, in: box, on: &canvas)
  }

  private func drawAttention(_ box: Canvas.Box, _ canvas: inout Canvas) {
    title("What the encoder attends to, more than evenly", in: box, on: &canvas)
    draw(attention, in: box, on: &canvas)
  }

  private func draw(_ panels: [Panel], in box: Canvas.Box, on canvas: inout Canvas) {
    let count = perRow(canvas.width)
    for (place, shown) in panels.enumerated() {
      let x = box.x + Self.padding + Double(place % count) * (Self.panel + Self.padding)
      let y = box.y + Self.head + Double(place / count) * (Self.panel + Self.caption)
      let frame = Canvas.Box(x: x, y: y, width: Self.panel, height: Self.panel)
      canvas.fill(frame, Look.track)
      canvas.draw(heated(shown, canvas.scale), in: frame)
      var heading = Look.className
      heading.isBold = true
      canvas.write(heading.fitted(shown.name, width: Self.panel), x: x, baseline: frame.bottom + 16, heading)
      canvas.write(
        Look.note.fitted(shown.note, width: Self.panel), x: x, baseline: frame.bottom + 31, Look.note)
    }
  }

  /// The face at the size in which it is drawn, so that colours flow smoothly. The lightest colour is half as much again as the
  /// start, or the largest number where that is more.
  private func heated(_ panel: Panel, _ scale: Double) -> Image {
    guard face.width > 0, face.height > 0 else { return face }
    let ratio = Self.panel * scale / Double(max(face.width, face.height))
    let side = { (length: Int) in max(1, Int((Double(length) * ratio).rounded())) }
    return face.resized(width: side(face.width), height: side(face.height), antialias: true)
      .heated(upTo: panel.start / 2) { x, y in
        (panel.map?.value(x, y, boxes: boxes) ?? 0) - panel.start
      }
  }

  // MARK: how the balance moved the answer

  /// The classes from top to bottom, those that moved most where there are too many.
  private var movedClasses: [Int] {
    let row = explanation.row
    guard row.primary.count > Self.mostClasses else { return Array(row.primary.indices) }
    let moved = row.primary.indices.sorted {
      (abs(row.final[$1] - row.primary[$1]), $0) < (abs(row.final[$0] - row.primary[$0]), $1)
    }
    return moved.prefix(Self.mostClasses).sorted()
  }

  private var movesHeight: Double {
    explanation.row.terms.isEmpty
      ? 0 : Self.head + 50 + Double(movedClasses.count) * Self.line + Self.padding
  }

  private func drawMoves(_ box: Canvas.Box, _ canvas: inout Canvas) {
    let (row, weights) = (explanation.row, explanation.row.balanceWeights)
    title("How the terms moved the answer, in points of 100", in: box, on: &canvas)
    let together = zip(row.final, row.primary).map { $0 - $1 }
    let columns =
      zip(zip(termNames, weights.terms), row.moves).map { named, moved in
        (title: named.0, note: "weight \(PredictionPicture.percent(named.1))", moved: moved)
      } + [
        (
          title: "final - primary", note: "primary's weight \(PredictionPicture.percent(weights.primary))",
          moved: together
        )
      ]
    let most = columns.flatMap { $0.moved.filter(\.isFinite).map(abs) }.max() ?? 0
    let top = box.y + Self.head + 12
    for (place, label) in movedClasses.enumerated() {
      var style = Look.className
      style.isBold = label == explanation.label
      canvas.write(
        style.fitted(name(label), width: Self.nameWidth), x: box.x + Self.padding,
        baseline: top + 34 + Double(place) * Self.line + 14.5, style)
    }
    for (place, column) in columns.enumerated() {
      let x = box.x + Self.padding + Self.nameWidth + Self.gap + Double(place) * (Self.column + Self.gap)
      var heading = Look.className
      heading.isBold = true
      canvas.write(heading.fitted(column.title, width: Self.column), x: x, baseline: top, heading)
      canvas.write(Look.small.fitted(column.note, width: Self.column), x: x, baseline: top + 17, Look.small)
      drawColumn(column.moved, most, x: x, y: top + 34, on: &canvas)
    }
  }

  /// Bars from the middle, to the right where a class won.
  private func drawColumn(
    _ moved: [Float], _ most: Float, x: Double, y: Double, on canvas: inout Canvas
  ) {
    let room = Self.column - 42
    for (place, label) in movedClasses.enumerated() where moved.indices.contains(label) {
      let (top, value) = (y + Double(place) * Self.line, moved[label].isFinite ? moved[label] : 0)
      canvas.fill(Canvas.Box(x: x, y: top + 5.5, width: room, height: 10), Look.track, radius: 2)
      let length = most > 0 ? room / 2 * Double(abs(value) / most) : 0
      let bar = Canvas.Box(
        x: value < 0 ? x + room / 2 - length : x + room / 2, y: top + 5.5, width: length, height: 10)
      canvas.fill(bar, value < 0 ? Look.doubtful : Look.final)
      canvas.fill(Canvas.Box(x: x + room / 2 - 0.5, y: top + 3, width: 1, height: 15), Look.edge)
      let points = (1000 * Double(value)).rounded() / 10 + 0  // no -0.0
      canvas.write(
        (points > 0 ? "+" : "") + points.rounded(places: 1), x: x + Self.column, baseline: top + 14.5,
        Look.number
      )
    }
  }

  // MARK: what lies near

  /// Beside what the faces stand, and the faces.
  private var rows: [(name: String, note: String, faces: [TrainingFaces.Near])] {
    let own = explanation.faces.isEmpty ? [] : [("this image", "", explanation.faces)]
    return own
      + explanation.anchors.prefix(Self.mostRows - own.count).map {
        ("anchor of \(name($0.label)), no. \($0.number)", "at \($0.distance.rounded(places: 2))", $0.faces)
      }
  }

  private var hasFaces: Bool { rows.contains { !$0.faces.isEmpty } }

  private var facesHeight: Double {
    let each = hasFaces ? Self.small + Self.smallCaption : 2 * Self.line
    return rows.isEmpty ? 0 : Self.head + Double(rows.count) * each + Self.padding
  }

  private func drawFaces(_ box: Canvas.Box, _ canvas: inout Canvas) {
    title(hasFaces ? "Training faces nearest to" : "Nearest anchors", in: box, on: &canvas)
    var heading = Look.className
    heading.isBold = true
    let each = hasFaces ? Self.small + Self.smallCaption : 2 * Self.line
    for (place, row) in rows.enumerated() {
      let (x, y) = (box.x + Self.padding, box.y + Self.head + Double(place) * each)
      canvas.write(heading.fitted(row.name, width: Self.rowName - 10), x: x, baseline: y + 14, heading)
      canvas.write(Look.note.fitted(row.note, width: Self.rowName - 10), x: x, baseline: y + 31, Look.note)
      for (number, near) in row.faces.prefix(Self.mostFaces).enumerated() {
        let frame = Canvas.Box(
          x: x + Self.rowName + Double(number) * (Self.small + 10), y: y, width: Self.small,
          height: Self.small)
        canvas.fill(frame, Look.track)
        if let picture = faces?.picture(of: near) { canvas.draw(picture, in: frame) }
        let text = "\(name(near.label)) \(near.distance.rounded(places: 2))"
        canvas.write(
          Look.small.fitted(text, width: Self.small + 8), x: frame.x, baseline: frame.bottom + 12, Look.small)
      }
    }
  }
}
