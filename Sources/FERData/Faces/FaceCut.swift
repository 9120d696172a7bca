import FERCore
import Foundation

/// How a face is cut out of a photograph: the square about the middle of its box, as wide as the box's longer side and a
/// margin on both sides; turned so that the line between the eyes is level, where the detector knows its points.
///
///     side  = max(width, height) · (1 + 2 · margin)
///     angle = atan2(Δy, Δx) of the eyes' centres, each the mean of its six points
package struct FaceCut: Sendable {
  /// What is added on each side, as a share of the box's longer side.
  package let margin: Double

  /// A cut with that margin.
  package init(margin: Double) { self.margin = margin }

  /// The square that is cut out, before turning, in pixels; may reach beyond the image.
  package func square(of face: DetectedFace) -> Box {
    let (width, height) = (face.box.right - face.box.left, face.box.bottom - face.box.top)
    let side = max(1, Int((Double(max(width, height)) * (1 + 2 * margin)).rounded()))
    let (left, top) = (face.box.left + (width - side) / 2, face.box.top + (height - side) / 2)
    return Box(left: left, top: top, right: left + side, bottom: top + side)
  }

  /// How far the face leans, in degrees: positive where the eye on the image's right is the lower one. 0 where nobody knows.
  package func angle(of face: DetectedFace) -> Float {
    guard face.points.count == 68 else { return 0 }
    let eye = { (points: Range<Int>) in
      let sum = face.points[points].reduce((x: Float(0), y: Float(0))) { ($0.x + $1.x, $0.y + $1.y) }
      return (x: sum.x / Float(points.count), y: sum.y / Float(points.count))
    }
    let (left, right) = (eye(36..<42), eye(42..<48))
    guard left != right else { return 0 }
    return atan2(right.y - left.y, right.x - left.x) * 180 / .pi
  }

  /// The face, upright, in eight bits as a file holds it, so that a model says the same of both. What lies beyond the
  /// photograph is filled with its border.
  package func image(of face: DetectedFace, in photograph: Image) -> Image {
    let image = cut(face, from: photograph)
    return Image(width: image.width, height: image.height, eightBit: image.bytes)
  }

  private func cut(_ face: DetectedFace, from photograph: Image) -> Image {
    let (square, angle) = (square(of: face), angle(of: face))
    let side = square.right - square.left
    guard abs(angle) > 0.01 else {
      return photograph.cropped(x: square.left, y: square.top, width: side, height: side)
    }
    // The corners of the turned square come from so far outside of it.
    let reach = Int((Double(side) * (2.0.squareRoot() - 1) / 2).rounded(.up)) + 1
    let around = photograph.cropped(
      x: square.left - reach, y: square.top - reach, width: side + 2 * reach, height: side + 2 * reach)
    return around.rotated(degrees: angle, border: .edge).cropped(
      x: reach, y: reach, width: side, height: side)
  }
}
