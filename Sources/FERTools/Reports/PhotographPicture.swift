import FERCore
import FERData

/// A photograph with a frame about each face that was found in it and, at the frame, what the model says of the face.
package struct PhotographPicture {
  /// A face and what stands at it.
  package struct Mark {
    /// Its box in the photograph, as shares of the sides.
    package let box: Canvas.Box
    /// The class and the confidence.
    package let text: String
    /// Whether the model is too unsure to be taken at its word.
    package let isAbstained: Bool

    /// A mark from its parts.
    package init(box: Canvas.Box, text: String, isAbstained: Bool = false) {
      (self.box, self.text, self.isAbstained) = (box, text, isAbstained)
    }
  }

  /// The longest side that is drawn, in pixels; what is kept of a larger photograph is smaller.
  package static let longestSide = 1600
  /// The shortest longer side, so that there is room for names.
  private static let shortestSide = 480.0

  private let photograph: Image
  private let marks: [Mark]

  /// A photograph and the faces in it.
  package init(_ photograph: Image, _ marks: [Mark]) { (self.photograph, self.marks) = (photograph, marks) }

  /// The picture, a pixel for each of the photograph, or several for a small one.
  package func image() -> Image {
    let (width, height) = (Double(photograph.width), Double(photograph.height))
    let scale = max(1, (Self.shortestSide / max(width, height, 1)).rounded(.up))
    var canvas = Canvas(width: width * scale, height: height * scale, scale: 1)
    canvas.draw(photograph, in: Canvas.Box(x: 0, y: 0, width: canvas.width, height: canvas.height))
    // Letters that can be read where the whole picture is looked at.
    let size = max(9, canvas.height / 70)
    for mark in marks {
      let colour = mark.isAbstained ? PredictionPicture.Look.doubtful : PredictionPicture.Look.final
      let box = Canvas.Box(
        x: mark.box.x * canvas.width, y: mark.box.y * canvas.height, width: mark.box.width * canvas.width,
        height: mark.box.height * canvas.height)
      canvas.frame(box.inset(-1), Canvas.Colour(0xffffff), line: 1)
      canvas.frame(box, colour, line: max(2, size / 4))
      let style = Canvas.TextStyle(size, Canvas.Colour(0xffffff), isBold: true)
      let text = style.fitted(mark.text, width: canvas.width - size)
      let (wide, high) = (style.width(of: text) + size, size * 2)
      // Above the face, or inside its frame where there is no room.
      let label = Canvas.Box(
        x: max(0, min(box.x, canvas.width - wide)), y: box.y >= high ? box.y - high : max(0, box.y),
        width: wide,
        height: high)
      canvas.fill(label, colour)
      canvas.write(text, x: label.x + size / 2, baseline: label.y + size * 1.5, style)
    }
    return canvas.image
  }

  /// Writes the picture as a PNG file, replacing what is there.
  /// - Throws: a `DataProblem` that names the file.
  package func write(to path: String) throws { try ImageFile.writePNG(image(), path: path) }
}
