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

  /// A face of evidence is 156 points a side too. Of a map of two columns, 1 and 0, the right half is covered: 0.15 of the
  /// face's 255 is 38.
  @Test("a map is a veil over the face once more, clear where it is largest")
  func map() {
    var card = PredictionPicture.Card(image: face, row: row([0.6, 0.4], [], [0.6, 0.4]))
    let picture = { PredictionPicture(classes: ["a", "b"], termNames: [], cards: [card]).image() }
    let plain = picture()
    card.row.evidence = [EvidenceKey("places", .map): [[1, 0], [1, 0]]]
    #expect(count([0, 255, 0], in: picture()) == 312 * 312 + 156 * 312)
    #expect(count([0, 38, 0], in: picture()) == 156 * 312)
    #expect(picture().width == plain.width + 2 * (156 + 18))
    // The same everywhere covers nothing; what is no number, its own place alone.
    for (numbers, clear) in [([[2, 2]], 312), ([[.nan, 3]], 156), ([[.nan, .nan]], 312)] as [([[Float]], Int)]
    {
      card.row.evidence = [EvidenceKey("places", .map): numbers]
      #expect(count([0, 255, 0], in: picture()) == 312 * 312 + clear * 312)
    }
  }

  /// The second of two views that halve the face: a box of 78 x 156 points less 1.5 on each side, so that edges stand apart;
  /// its frame is 1.5 points thick: (75 · 153 - 72 · 150) · 4 = 2700 pixels. The plate of its number lies partly on it.
  @Test("views are framed in colours of their own, with their numbers")
  func views() {
    let boxes = [0, 0.5].map { Canvas.Box(x: $0, y: 0, width: 0.5, height: 1) }
    var card = PredictionPicture.Card(image: face, row: row([0.6, 0.4], [], [0.6, 0.4]), views: boxes)
    let picture = { PredictionPicture(classes: ["a", "b"], termNames: [], cards: [card]).image() }
    let second: [UInt8] = [0xd5, 0x5e, 0x00]
    let plain = picture()
    #expect(count(second, in: plain) == 0)
    card.row.evidence = [EvidenceKey("weights", .views): [[0.25, 0.75]]]
    #expect((2700..<2700 + 40 * 13 * 4).contains(count(second, in: picture())))
    #expect(picture().width == plain.width + 2 * (156 + 18))
    // More numbers than boxes, numbers that are none, and many views do no harm.
    card.row.evidence = [EvidenceKey("weights", .views): [[Float](repeating: 0.1, count: 300) + [.nan]]]
    card.views = (0..<200).map { Canvas.Box(x: Double($0) / 200, y: 0, width: 0.01, height: 0.01) }
    #expect(picture().width == plain.width + 2 * (156 + 18))
  }

  @Test("one number stands under the face, and makes the card no wider")
  func number() {
    var card = PredictionPicture.Card(image: face, row: row([0.6, 0.4], [], [0.6, 0.4]))
    let picture = { PredictionPicture(classes: ["a", "b"], termNames: [], cards: [card]).image() }
    let plain = picture()
    card.row.evidence = [EvidenceKey("doubt", .sample): [[0.125]]]
    #expect(picture().width == plain.width && picture().height == plain.height + 2 * 18)
  }

  @Test("notes tell what is drawn")
  func notes() {
    let note = { (key: EvidenceKey, rows: [[Float]]) in
      EvidencePicture.note(EvidencePicture.Shown(key: key, rows: rows))
    }
    #expect(note(EvidenceKey("m", .map), [[0.2, 1], [0, 0.4]]) == "clear 1.00, dark 0.00")
    #expect(note(EvidenceKey("m", .map), [[0.5]]) == "0.50 everywhere")
    #expect(note(EvidenceKey("m", .map), [[.nan]]) == "no numbers")
    #expect(note(EvidenceKey("v", .views), [[0.1, 0.6, 0.3]]) == "view 2 of 3: 0.60")
  }

  @Test("a picture holds at most thirty images, in so many columns that it is not much taller than wide")
  func manyImages() {
    let card = PredictionPicture.Card(image: face, row: row([0.6, 0.4], [], [0.6, 0.4]))
    let size = { (count: Int) -> [Int] in
      let image = PredictionPicture(
        classes: ["a", "b"], termNames: [], cards: [PredictionPicture.Card](repeating: card, count: count)
      ).image()
      return [image.width, image.height]
    }
    let (one, three, thirty, many) = (size(1), size(3), size(30), size(1000))
    // Margins of 20 points, two pixels a point: 40 + n (card + 40). A card is 436 points wide and 258 high: three columns of
    // ten rows would be 2,800 points high and 1,388 wide, four of eight are 2,244 and 1,844.
    #expect(one == [2 * 436 + 80, 2 * 258 + 80])
    #expect(three == [one[0], 3 * (one[1] - 40) + 40])
    #expect(thirty == [4 * (one[0] - 40) + 40, 8 * (one[1] - 40) + 40])
    #expect(many == [thirty[0], thirty[1] + 48])
  }
}
