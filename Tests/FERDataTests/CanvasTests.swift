import FERCore
import Foundation
import Testing

@testable import FERData

@Suite("Canvas")
struct CanvasTests {
  private let black = Canvas.Colour(0x000000)

  private func reds(_ canvas: Canvas) -> [[UInt8]] {
    let bytes = canvas.image.bytes
    return (0..<canvas.pixelHeight).map { y in
      (0..<canvas.pixelWidth).map { bytes[(y * canvas.pixelWidth + $0) * 3] }
    }
  }

  @Test("a rectangle covers pixels by the share of them it lies on")
  func rectangle() {
    var canvas = Canvas(width: 4, height: 3, scale: 1)
    canvas.fill(.init(x: 1, y: 1, width: 1.5, height: 1), black)
    // Half of 255 is left where half is covered: 255 + (0 - 255) / 2 = 127.5, and a half is added before cutting off.
    #expect(reds(canvas) == [[255, 255, 255, 255], [255, 0, 128, 255], [255, 255, 255, 255]])
  }

  @Test("a point is as many pixels as the scale says, and what lies outside is cut off")
  func scale() {
    var canvas = Canvas(width: 2, height: 1, scale: 2, background: Canvas.Colour(0x0a141e))
    #expect(canvas.pixelWidth == 4 && canvas.pixelHeight == 2)
    #expect(Array(canvas.image.bytes.prefix(3)) == [10, 20, 30])
    canvas.fill(.init(x: 1, y: -5, width: 100, height: 100), Canvas.Colour(0xff0000))
    canvas.fill(.init(x: .nan, y: 0, width: 1, height: .infinity), black)
    #expect(reds(canvas) == [[10, 10, 255, 255], [10, 10, 255, 255]])
  }

  @Test("round corners leave the corner free and the middle full")
  func roundCorners() {
    var canvas = Canvas(width: 20, height: 20, scale: 1)
    canvas.fill(.init(x: 0, y: 0, width: 20, height: 20), black, radius: 10)
    let found = reds(canvas)
    #expect(found[0][0] == 255 && found[19][19] == 255 && found[10][10] == 0 && found[10][1] == 0)
    // A disc of radius 10 covers pi / 4 of its square.
    let covered = found.joined().reduce(0.0) { $0 + 1 - Double($1) / 255 } / 400
    #expect(abs(covered - Double.pi / 4) < 0.01)
  }

  @Test("an image keeps its proportions and stands in the middle")
  func image() {
    let picture = Image(width: 2, height: 1, pixels: [0, 0, 0, 1, 1, 1])
    var canvas = Canvas(width: 4, height: 4, scale: 1, background: Canvas.Colour(0x808080))
    canvas.draw(picture, in: .init(x: 0, y: 0, width: 4, height: 4), crisp: true)
    let bar: [UInt8] = [0, 0, 255, 255]
    let grey = [UInt8](repeating: 128, count: 4)
    #expect(reds(canvas) == [grey, bar, bar, grey])
    canvas.draw(picture, in: .init(x: -3, y: 0, width: 4, height: 4), crisp: true)
    #expect(reds(canvas)[1] == [255, 0, 255, 255])
    canvas.draw(Image(width: 0, height: 0, pixels: []), in: .init(x: 0, y: 0, width: 4, height: 4))
  }

  /// "I" is one upright stroke, 12 steps high; at 12 points a step is a point, and the pen 1.55 points thick.
  @Test("text: where letters stand, how wide they are")
  func text() {
    let style = Canvas.TextStyle(12, black)
    #expect(style.width(of: "") == 0)
    #expect(abs(style.width(of: "I") - 1.55) < 1e-9)
    // L is 6 wide, H 8; between two letters 3.6.
    #expect(abs(style.width(of: "LH") - (6 + 3.6 + 8 + 1.55)) < 1e-9)
    var canvas = Canvas(width: 11, height: 20, scale: 1)
    canvas.write("I", x: 5, baseline: 16, style)
    let ink = reds(canvas).map { row in row.reduce(0.0) { $0 + 1 - Double($1) / 255 } }
    #expect(ink[16...].allSatisfy { $0 == 0 } && ink[..<2].allSatisfy { $0 == 0 })
    #expect(ink[5...13].allSatisfy { abs($0 - 1.55) < 0.02 })
    let columns = (0..<11).map { x in reds(canvas).reduce(0.0) { $0 + 1 - Double($1[x]) / 255 } }
    #expect(columns[..<5].allSatisfy { $0 == 0 } && columns[5] > 10 && columns[7...].allSatisfy { $0 == 0 })
  }

  @Test("every printable ASCII character has a drawing of its own; accents are left off, the rest is a box")
  func letters() {
    func strokes(_ character: Character) -> [[StrokeFont.Point]] { StrokeFont.glyph(character).strokes }
    let characters = (33..<127).map { Character(UnicodeScalar($0)) }
    for character in characters {
      #expect(!strokes(character).isEmpty, "\(character)")
      #expect(
        strokes(character).joined().allSatisfy { (0...12).contains($0.x) && (0...16).contains($0.y) },
        "\(character)")
      #expect(characters.count { strokes($0) == strokes(character) } == 1, "\(character)")
    }
    #expect(strokes(" ").isEmpty && strokes("é") == strokes("e") && strokes("Ü") == strokes("U"))
    #expect(strokes("顔") == strokes("\u{1F642}") && !strokes("顔").isEmpty)
    #expect("0123456789".allSatisfy { StrokeFont.glyph($0).width == 7 })
  }

  @Test("what does not fit is cut with three dots")
  func fitted() {
    let style = Canvas.TextStyle(12, black)
    #expect(style.fitted("face", width: 1000) == "face")
    for width in [0.0, 10, 30, 60, 90] {
      let short = style.fitted("a/long/way/to/face.jpg", width: width, keepsEnd: true)
      #expect(style.width(of: short) <= width && (short.isEmpty || short.contains("...")), "\(width)")
    }
    #expect(style.fitted("a/long/way/to/face.jpg", width: 90, keepsEnd: true).hasSuffix("jpg"))
  }

  @Test("a drawing written as PNG is read back")
  func file() throws {
    var canvas = Canvas(width: 30, height: 12)
    canvas.write("Ag%", x: 1, baseline: 10, .init(7, Canvas.Colour(0x123456), isBold: true))
    let read = try ImageFile.decode(try ImageFile.encodePNG(canvas.image), name: "drawing")
    #expect(read.bytes == canvas.image.bytes && read.sides == [60, 24])
  }
}
