import FERCore
import FERData
import TensorKit
import TestSupport
import Testing

@testable import FERTools

@Suite("Maps over a face")
struct FaceMapTests {
  /// Centres of places lie at a quarter and at three quarters of each side.
  @Test("between centres evenly, beyond the outer ones as there")
  func between() {
    let map = FaceMap(Tensor([1, 2, 2], [0, 4, 8, 12]))
    let at = { (x: Double, y: Double) in map.value(x, y, boxes: []) }
    #expect(at(0.25, 0.25) == 0 && at(0.75, 0.25) == 4 && at(0.25, 0.75) == 8 && at(0.75, 0.75) == 12)
    #expect(at(0.5, 0.25) == 2 && at(0.5, 0.5) == 6 && at(0.01, 0.01) == 0 && at(0.99, 0.99) == 12)
  }

  /// The left half of the face, and all of it.
  @Test("where two views show a place, both count")
  func views() {
    let map = FaceMap(Tensor([2, 1, 1], [3, 10]))
    let boxes = [0.5, 1].map { Canvas.Box(x: 0, y: 0, width: $0, height: 1) }
    #expect(map.value(0.2, 0.5, boxes: boxes) == 13 && map.value(0.7, 0.5, boxes: boxes) == 10)
  }

  @Test("turned left to right")
  func mirrored() {
    #expect(Tensor([1, 2, 3], [1, 2, 3, 4, 5, 6]).mirrored.values == [3, 2, 1, 6, 5, 4])
  }

  /// Grey of (0, 1, 0) is 0.587. The most is covered by 0.7 of (1, 0.95, 0.5): 0.3 · 0.587 + 0.7 · (1, 0.95, 0.5).
  @Test("colours lie over the grey face where a number is more than 0")
  func colours() {
    let face = Image(width: 2, height: 1, colour: [0, 1, 0])
    let near = { (image: Image, values: [Float]) in
      zip(image.pixels, values).allSatisfy { abs($0 - $1) < 1e-5 } && image.pixels.count == values.count
    }
    let grey: [Float] = [0.587, 0.587, 0.587]
    #expect(near(face.heated { x, _ in x < 0.5 ? 2 : -1 }, [0.8761, 0.8411, 0.5261] + grey))
    #expect(near(face.heated { _, _ in 0 }, grey + grey) && near(face.heated { _, _ in .nan }, grey + grey))
  }

  private func explanation(classes: Int, terms: Int, maps: Int) -> Explanation {
    let share = [Float](repeating: 1 / Float(max(1, classes)), count: classes)
    let map = FaceMap(.ones([1, 2, 2]))
    let near = TrainingFaces.Near(id: "x", label: 0, distance: 1)
    return Explanation(
      row: EvaluatedSample(
        id: "face.png", label: nil, primary: share, terms: Array(repeating: share, count: terms), final: share
      ),
      subject: .final, label: 0, score: .nan,
      levels: (0..<maps).map {
        .init(
          number: $0 + 1, size: PyramidLevel(height: 2, width: 2, channels: 1),
          activation: $0 == 1 ? nil : map)
      }, attention: [.init(name: "attention", map: FaceMap(Tensor([1, 1, 1], [.nan])))],
      anchors: (0..<9).map { NearAnchor(label: 0, number: $0 + 1, distance: 2, faces: [near]) },
      faces: Array(repeating: near, count: 20))
  }

  @Test(
    "a picture of any content: many classes and maps, no terms, numbers that are none, an image without pixels"
  )
  func pictures() {
    let name = String(repeating: "a very long name \u{1F642} ", count: 40)
    for (classes, terms, maps) in [(1, 0, 0), (2, 1, 3), (7, 2, 4), (40, 5, 30)] {
      let names = (0..<classes).map { "\(name) \($0)" }
      for face in [Image(width: 3, height: 2, colour: [0, 1, 0]), Image(width: 0, height: 0, pixels: [])] {
        let found = explanation(classes: classes, terms: terms, maps: maps)
        let image = ExplanationPicture(
          found, classes: names, termNames: Array(repeating: name, count: terms), face: face
        ).image()
        #expect(image.width > 300 && image.height > 300)
        #expect(!found.object(classes: names, termNames: Array(repeating: name, count: terms)).text.isEmpty)
      }
    }
  }

  /// A term as sure as the head, half of each counts: half a point of one class went over to the other. The longest bars
  /// fill half of the room of 106 points; they are 10 points high, two pixels a point.
  @Test("bars to the right and left of the middle tell how far a class moved")
  func moves() {
    let row = EvaluatedSample(
      id: "", label: nil, primary: [1, 0, 0], terms: [[0, 1, 0]], final: [0.5, 0.5, 0])
    let found = Explanation(
      row: row, subject: .final, label: 0, score: 0, levels: [], attention: [], anchors: [], faces: [])
    let picture = ExplanationPicture(
      found, classes: ["a", "b", "c"], termNames: ["t"], face: Image(width: 1, height: 1, colour: [0, 0, 0]))
    let bytes = picture.image().bytes
    let count = { (colour: [UInt8]) in
      stride(from: 0, to: bytes.count, by: 3).count { Array(bytes[$0..<$0 + 3]) == colour }
    }
    // Down bars have a colour of their own: two of them, of the term and of all, each 53 x 10 points less the middle line.
    #expect(abs(count([0xd5, 0x5e, 0x00]) - 2 * 106 * 20) <= 2 * 20 * 2)
  }
}
