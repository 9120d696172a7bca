import NeuralKit
import Support

/// Finds faces in photographs. Safe to be asked by several threads at once.
public protocol FaceDetector: Component, Sendable where Kind == any FaceDetector {
  /// - Parameter image: upright, of any size.
  /// - Returns: the faces, the surest first; none where there is none.
  /// - Throws: where the detector itself fails, not where there is no face.
  func faces(in image: Image) throws -> [DetectedFace]
}

/// A face that a ``FaceDetector`` found.
public struct DetectedFace: Sendable, Equatable {
  /// Where it is; may reach beyond the image.
  public let box: Box
  /// How sure the detector is; the larger, the surer. On what scale is the detector's own matter.
  public let score: Float
  /// The 68 points of a face in the order of Multi-PIE and 300-W (Sagonas et al. 2013), of which 36 to 41 are about the
  /// eye on the image's left and 42 to 47 about the other; none where the detector knows no points.
  public let points: [ImagePoint]

  /// A face from its parts.
  public init(box: Box, score: Float, points: [ImagePoint] = []) {
    (self.box, self.score, self.points) = (box, score, points)
  }

  /// What is wrong with it; nil where nothing is.
  package var problem: String? {
    if box.left >= box.right || box.top >= box.bottom { return "a face has a box without a pixel: \(box)" }
    if !score.isFinite { return "a face has the score \(score)" }
    if points.count != 0, points.count != 68 {
      return "a face has \(points.count) points; there must be 68 or none"
    }
    return points.allSatisfy { $0.x.isFinite && $0.y.isFinite } ? nil : "a point of a face is not finite"
  }
}

/// A place in an image, in pixels from the middle of the upper left one: x to the right, y down.
public struct ImagePoint: Sendable, Equatable {
  /// To the right.
  public let x: Float
  /// Down.
  public let y: Float

  /// The place at (x, y).
  public init(x: Float, y: Float) { (self.x, self.y) = (x, y) }
}

/// What a component's `init` throws where the program was built without what it needs. Recipes may name it nevertheless.
public struct NotInThisBuild: AttributedError, Equatable, CustomStringConvertible {
  /// The sentence that a person reads: what is missing, and how to get it.
  public let description: String
  /// True: another build can do it.
  public var isRequest: Bool { true }

  /// What is missing, and how to get it.
  public init(_ description: String) { self.description = description }
}
