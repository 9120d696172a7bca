import FERCore
import Support

/// Finds the faces in photographs and cuts them out, as one recipe's data were made.
package struct FaceFinder: Sendable {
  /// A face that was found and cut out.
  package struct Found: Sendable {
    /// Where it is, how sure the detector is, and its points.
    package let face: DetectedFace
    /// How far it leaned, in degrees, and was turned back.
    package let angle: Float
    /// The face alone, upright.
    package let image: Image
  }

  /// The largest square that is cut out; a larger one means that a detector makes no sense.
  private static let largestSide = 1 << 14

  private let detector: any FaceDetector
  private let cut: FaceCut

  /// - Parameter margin: as of ``FaceCut``.
  package init(_ detector: any FaceDetector, margin: Double) {
    (self.detector, cut) = (detector, FaceCut(margin: margin))
  }

  /// The faces of a photograph, the surest first.
  /// - Parameter name: what problems call the photograph.
  /// - Throws: a ``DataProblem`` where the detector fails, or what it says makes no sense.
  package func faces(in photograph: Image, named name: String) throws(DataProblem) -> [Found] {
    let running = Running.title(of: detector)
    let faces: [DetectedFace]
    do { faces = try Running.of(detector) { try detector.faces(in: photograph) } } catch {
      throw DataProblem(name, "\(error)", by: running)
    }
    var found: [Found] = []
    for face in faces {
      let square = cut.square(of: face)
      let isTooLarge = square.right - square.left > Self.largestSide
      if let problem = face.problem ?? (isTooLarge ? "a face has a box that is too large: \(face.box)" : nil)
      {
        throw DataProblem(name, problem, by: running)
      }
      found.append(
        Found(face: face, angle: cut.angle(of: face), image: cut.image(of: face, in: photograph)))
    }
    return found
  }
}
