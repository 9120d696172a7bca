import FERCore
import FERData
import Foundation
import Testing

@testable import FERTools
@testable import FERTraining

@Suite("The picture of predictions")
struct PredictionPictureTests {
  private let face = Image(width: 3, height: 3, colour: [0, 1, 0])

  private func row(_ primary: [Float], _ terms: [[Float]], _ final: [Float]) -> EvaluatedSample {
    EvaluatedSample(id: "somewhere/face.png", label: nil, primary: primary, terms: terms, final: final)
  }

  /// The rightmost pixel of each run of one colour tells the lengths of bars.
  private func count(_ colour: [UInt8], in image: Image) -> Int {
    let bytes = image.bytes
    return stride(from: 0, to: bytes.count, by: 3).count { Array(bytes[$0..<$0 + 3]) == colour }
  }

  @Test("a bar is as long as its share, and the predicted class has the strong colour")
  func bars() {
    // Two classes and no terms: one column, of the head, in blue as the final one. Bars are 106 x 10 points with round
    // corners, two pixels a point. Share 1 is 4240 pixels but for four corners, share 1/2 half of that.
    let blue: [UInt8] = [0x00, 0x72, 0xb2]
    let picture = { (share: Float) in
      PredictionPicture(
        classes: ["a", "b"], termNames: [],
        cards: [.init(image: face, row: row([share, 1 - share], [], [share, 1 - share]))]
      ).image()
    }
    let line = 148 * 2 * 2 * 2
    #expect(abs(count(blue, in: picture(1)) - line - 212 * 20) < 40)
    #expect(abs(count(blue, in: picture(0.5)) - line - 106 * 20) < 40)
    // The face is there: 156 points a side, two pixels a point.
    #expect(count([0, 255, 0], in: picture(1)) == 312 * 312)
  }

  @Test("abstaining is told by words and by another colour")
  func abstained() {
    let row = row([0.6, 0.4], [[0.5, 0.5]], [0.55, 0.45])
    let picture = { (abstained: Bool) in
      PredictionPicture(
        classes: ["a", "b"], termNames: ["anchor"],
        cards: [.init(image: face, row: row, isAbstained: abstained)]
      ).image()
    }
    #expect(count([0xd5, 0x5e, 0x00], in: picture(false)) == 0)
    #expect(count([0xd5, 0x5e, 0x00], in: picture(true)) > 500)
  }

  @Test("numbers that are none, wrong counts, long names and many classes do no harm")
  func oddInput() {
    let name = String(repeating: "a very long name \u{1F642} ", count: 40)
    let many = (0..<100).map { "class \($0)" }
    let share = [Float](repeating: 0.01, count: 100)
    let cards = [
      PredictionPicture.Card(image: face, row: row([.nan, .infinity, -1], [[]], [])),
      .init(image: Image(width: 0, height: 0, pixels: []), row: row([], [], [0.2])),
      .init(image: face, row: row(share, [share], share)),
    ]
    for classes in [["a", name, "c"], many] {
      let image = PredictionPicture(classes: classes, termNames: ["one", name], cards: cards).image()
      #expect(image.width > 0 && image.height > 0)
    }
  }

  @Test("a picture holds at most sixty images, in two columns where they are many")
  func manyImages() {
    let card = PredictionPicture.Card(image: face, row: row([0.6, 0.4], [], [0.6, 0.4]))
    let size = { (count: Int) -> [Int] in
      let image = PredictionPicture(
        classes: ["a", "b"], termNames: [], cards: [PredictionPicture.Card](repeating: card, count: count)
      ).image()
      return [image.width, image.height]
    }
    let (one, sixty, many) = (size(1), size(60), size(1000))
    // Margins of 20 points, two pixels a point: 40 + n (card + 40).
    #expect(sixty[0] == 2 * one[0] - 40 && sixty[1] == 30 * (one[1] - 40) + 40)
    #expect(many == [sixty[0], sixty[1] + 48])
  }
}
