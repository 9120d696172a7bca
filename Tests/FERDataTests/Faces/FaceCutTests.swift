import FERCore
import Foundation
import NeuralKit
import Support
import TensorKit
import TestSupport
import Testing

@testable import FERData

@Suite("Faces cut out of photographs")
struct FaceCutTests {
  /// 68 points of which those of the eyes lie about two places.
  private func points(left: (Float, Float), right: (Float, Float)) -> [ImagePoint] {
    (0..<68).map { index in
      let middle = (36..<42).contains(index) ? left : (42..<48).contains(index) ? right : (0, 0)
      // Six points about the middle whose mean it is.
      let offset = Float(index % 6) - 2.5
      return ImagePoint(x: middle.0 + offset, y: middle.1 - offset)
    }
  }

  /// 20 x 30 pixels, half a side more on each side: 60 pixels about the middle (20, 35).
  @Test("the square about the box, with its margin")
  func square() {
    let face = DetectedFace(box: Box(left: 10, top: 20, right: 30, bottom: 50), score: 0)
    #expect(FaceCut(margin: 0.5).square(of: face) == Box(left: -10, top: 5, right: 50, bottom: 65))
    #expect(FaceCut(margin: 0).square(of: face) == Box(left: 5, top: 20, right: 35, bottom: 50))
    let photograph = rampImage(width: 40, height: 60)
    let image = FaceCut(margin: 0.5).image(of: face, in: photograph)
    #expect(image.sides == [60, 60])
    // Its first column lies ten to the left of the photograph and shows the photograph's border.
    #expect(Array(image.pixels[..<3]) == Array(photograph.pixels[5 * 120..<5 * 120 + 3]))
    #expect(Array(image.pixels[30..<33]) == Array(photograph.pixels[5 * 120..<5 * 120 + 3]))
    #expect(Array(image.pixels[33..<36]) == Array(photograph.pixels[5 * 120 + 3..<5 * 120 + 6]))
  }

  @Test("the angle of the line between the eyes; none without points")
  func angle() {
    let box = Box(left: 0, top: 0, right: 10, bottom: 10)
    func angle(_ left: (Float, Float), _ right: (Float, Float)) -> Float {
      FaceCut(margin: 0).angle(of: DetectedFace(box: box, score: 0, points: points(left: left, right: right)))
    }
    #expect(abs(angle((10, 10), (20, 20)) - 45) < 1e-4)
    #expect(abs(angle((10, 10), (20, 0)) + 45) < 1e-4)
    #expect(angle((10, 10), (20, 10)) == 0 && angle((5, 5), (5, 5)) == 0)
    #expect(FaceCut(margin: 0).angle(of: DetectedFace(box: box, score: 0)) == 0)
  }

  /// A face that leans by the angle a has its own "down" along (−sin a, cos a). Brightness that grows along it grows with
  /// the rows alone once the face is upright, by as much; mixing bilinearly is exact for what is linear, but for the half of
  /// a step of eight bits, 0.00196.
  @Test("a leaning face comes out upright", arguments: [-40, -15, 3, 30] as [Float])
  func upright(degrees: Float) {
    let (angle, slope) = (degrees * .pi / 180, Float(1.0 / 400))
    let (side, middle) = (160, Float(79.5))
    let pixels = (0..<side * side).flatMap { index -> [Float] in
      let (x, y) = (Float(index % side) - middle, Float(index / side) - middle)
      return [Float](repeating: 0.5 + slope * (-sin(angle) * x + cos(angle) * y), count: 3)
    }
    let photograph = Image(width: side, height: side, pixels: pixels)
    let eyes = (x: 20 * cos(angle), y: 20 * sin(angle))
    let face = DetectedFace(
      box: Box(left: 60, top: 60, right: 100, bottom: 100), score: 1,
      points: points(left: (middle - eyes.x, middle - eyes.y), right: (middle + eyes.x, middle + eyes.y)))
    let image = FaceCut(margin: 0.1).image(of: face, in: photograph)
    #expect(image.sides == [48, 48])
    let expected = (0..<48 * 48).flatMap { index in
      [Float](repeating: 0.5 + slope * (Float(index / 48) - 23.5), count: 3)
    }
    expectClose(Tensor([48 * 48 * 3], image.pixels), expected, absolute: 0.00206, relative: 0)
  }

  private struct Told: FaceDetector {
    struct Options: ComponentOptions {}
    var faces: [DetectedFace] = []
    var error: DataProblem?
    init(_ options: Options) {}
    func faces(in image: Image) throws -> [DetectedFace] {
      if let error { throw error }
      return faces
    }
  }

  @Test("a detector that fails, or says what makes no sense, is named with the photograph")
  func nonsense() throws {
    var detector = Told(.init())
    func problem() -> String {
      do throws(DataProblem) {
        _ = try FaceFinder(detector, margin: 0).faces(in: rampImage(width: 9, height: 9), named: "a.png")
        return ""
      } catch { return error.isRequest ? "a request: \(error)" : "\(error)" }
    }
    let box = Box(left: 0, top: 0, right: 9, bottom: 9)
    for (face, message) in [
      (DetectedFace(box: Box(left: 3, top: 0, right: 3, bottom: 9), score: 0), "has a box without a pixel"),
      (DetectedFace(box: box, score: .nan), "has the score nan"),
      (
        DetectedFace(box: box, score: 0, points: [ImagePoint(x: 0, y: 0)]),
        "has 1 points; there must be 68 or none"
      ),
      (
        DetectedFace(box: Box(left: 0, top: 0, right: 1 << 20, bottom: 9), score: 0),
        "has a box that is too large"
      ),
    ] {
      detector.faces = [face]
      #expect(problem().contains("a.png: a face \(message)"), "\(problem())")
    }
    detector.error = DataProblem("", "is out of order")
    #expect(problem().hasSuffix("a.png: is out of order"))
    detector.error = nil
    detector.faces = []
    #expect(problem() == "")
  }
}
