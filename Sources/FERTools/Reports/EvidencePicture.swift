import FERCore
import FERData
import Support

/// Draws what a model noticed of a face over the face itself: a number for each view over the view's box, a map as a veil
/// that covers the places of little weight.
struct EvidencePicture {
  /// How many views are drawn, those of the largest numbers.
  static let mostViews = 12
  /// How much of a place of the smallest weight the veil covers.
  static let deepest: Float = 0.85

  /// Evidence with its numbers: a row for views, the rows of a map.
  struct Shown {
    let key: EvidenceKey
    let rows: [[Float]]

    /// The numbers that are numbers.
    var finite: [Float] { rows.joined().filter(\.isFinite) }
  }

  /// What of a sample's evidence is drawn, in the order of names.
  static func shown(_ row: EvaluatedSample) -> [Shown] {
    row.evidence.filter { [.views, .map].contains($0.key.layout) }.sorted { $0.key.name < $1.key.name }
      .map { Shown(key: $0.key, rows: $0.value) }
  }

  let face: Image
  /// The box of each view, as shares of the image's sides.
  let views: [Canvas.Box]

  /// Draws the face in a square, and the evidence over it.
  func draw(_ shown: Shown, in frame: Canvas.Box, on canvas: inout Canvas) {
    guard face.width > 0, face.height > 0 else { return }
    let scale = min(frame.width / Double(face.width), frame.height / Double(face.height))
    let size = (width: Double(face.width) * scale, height: Double(face.height) * scale)
    let place = Canvas.Box(
      x: frame.x + (frame.width - size.width) / 2, y: frame.y + (frame.height - size.height) / 2,
      width: size.width, height: size.height)
    switch shown.key.layout {
    case .map:
      let (width, height) = (size.width * canvas.scale, size.height * canvas.scale)
      let sharp = face.resized(
        width: max(1, Int(width.rounded())), height: max(1, Int(height.rounded())), antialias: true)
      canvas.draw(sharp.veiled(where: shown.rows, to: Self.deepest), in: frame)
    default:
      canvas.draw(face, in: frame)
      drawViews(shown.rows.first ?? [], in: place, on: &canvas)
    }
  }

  /// A sentence on the evidence as it is drawn.
  static func note(_ shown: Shown) -> String {
    guard let least = shown.finite.min(), let most = shown.finite.max() else { return "no numbers" }
    let text = { (value: Float) in Double(value).rounded(places: 2) }
    if shown.key.layout == .map {
      return least == most ? "\(text(most)) everywhere" : "clear \(text(most)), dark \(text(min(0, least)))"
    }
    let numbers = shown.rows.first ?? []
    let strongest = numbers.firstIndex(of: most) ?? 0
    return "view \(strongest + 1) of \(numbers.count): \(text(most))"
  }

  // MARK: views

  private func drawViews(_ numbers: [Float], in place: Canvas.Box, on canvas: inout Canvas) {
    let order = numbers.indices.filter { views.indices.contains($0) && numbers[$0].isFinite }
      .sorted { (numbers[$1], $0) < (numbers[$0], $1) }.prefix(Self.mostViews)
    let boxes = order.sorted().enumerated().map { rank, view in
      let share = views[view]
      let box = Canvas.Box(
        x: place.x + share.x * place.width, y: place.y + share.y * place.height,
        width: share.width * place.width, height: share.height * place.height)
      // Edges that two views share stand beside one another.
      return (view: view, box: box.inset(min(1.5 * Double(rank), box.width / 4, box.height / 4)))
    }
    for (view, box) in boxes { canvas.frame(box, Self.colour(view), line: 1.5) }
    var taken: [Canvas.Box] = []
    for (view, box) in boxes {
      let text = Double(numbers[view]).rounded(places: 2)
      let plate = Self.plate(for: text, in: box, besides: taken)
      taken.append(plate)
      canvas.fill(plate, Self.colour(view), radius: 2)
      canvas.write(text, x: plate.x + plate.width / 2, baseline: plate.bottom - 3, Self.label)
    }
  }

  /// Where the number of a view stands: in the first corner of its box, or else on its upper or lower edge or in its
  /// middle, where no other number is yet.
  private static func plate(for text: String, in box: Canvas.Box, besides taken: [Canvas.Box]) -> Canvas.Box {
    let (width, height) = (label.width(of: text) + 6, label.size + 6)
    let columns = [box.x, box.right - width, box.x + (box.width - width) / 2]
    let rows = [box.y, box.bottom - height, box.y + (box.height - height) / 2]
    let places = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (2, 1), (0, 2), (1, 2), (2, 2)].map {
      Canvas.Box(x: columns[$0.0], y: rows[$0.1], width: width, height: height)
    }
    return places.first { place in !taken.contains { $0.meets(place) } } ?? places[0]
  }

  private static let label = Canvas.TextStyle(6.5, Canvas.Colour(0xffffff), isBold: true, alignment: .centre)
  private static let colours = [0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xb07800, 0x6a3d9a, 0x1f2933].map {
    Canvas.Colour($0)
  }
  /// Colours that stay apart for most eyes (after Okabe and Ito 2008), dark enough for white numbers.
  static func colour(_ view: Int) -> Canvas.Colour { colours[view % colours.count] }
}

extension Canvas.Box {
  /// Whether the two have an area in common.
  fileprivate func meets(_ other: Canvas.Box) -> Bool {
    x < other.right && other.x < right && y < other.bottom && other.y < bottom
  }
}

extension Image {
  /// The image with a dark veil over it: none where a map is largest, `deepest` where it is 0 or, below that, least, or no
  /// number. The map's places are stretched over the image.
  fileprivate func veiled(where map: [[Float]], to deepest: Float) -> Image {
    let numbers = map.joined().filter(\.isFinite)
    guard let most = numbers.max(), let least = numbers.min(), map.allSatisfy({ !$0.isEmpty }),
      least < most || numbers.count < map.joined().count
    else { return self }
    let floor = min(0, least)
    let share = { (value: Float) -> Float in
      value.isFinite ? (most > floor ? (value - floor) / (most - floor) : 1) : 0
    }
    var values = pixels
    for y in 0..<height {
      let row = map[y * map.count / height].map { 1 - deepest * (1 - share($0)) }
      for x in 0..<width {
        for channel in 0..<3 { values[(y * width + x) * 3 + channel] *= row[x * row.count / width] }
      }
    }
    return Image(width: width, height: height, pixels: values)
  }
}
