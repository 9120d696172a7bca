import Foundation

/// The letters that pictures are labelled with: printable ASCII, drawn as the strokes of a round pen, so that they
/// are smooth at any size.
///
/// A glyph's strokes are written on a grid: capitals reach from line A (0) down to the base line M (12), small letters
/// begin at E (4), tails end at Q (16). Each point is two characters, the column (hexadecimal) and the line. A capital
/// line letter is a point the pen passes through; a small one bends the stroke (the control point of a quadratic
/// curve; between two of them the pen passes halfway). A stroke of one point is a dot.
enum StrokeFont {
  /// A point on the grid.
  struct Point: Equatable {
    var x: Double
    var y: Double
  }

  /// A letter: its strokes as lines from point to point, and the column of its right-most stroke.
  struct Glyph {
    let strokes: [[Point]]
    let width: Double
  }

  /// From the top of a capital to its foot.
  static let capitalHeight = 12.0
  /// How far tails reach below the base line.
  static let descent = 4.0

  /// The letter for a character. Accents are left off; what is not known is an empty box.
  static func glyph(_ character: Character) -> Glyph {
    if let ascii = character.asciiValue, let glyph = glyphs[Int(ascii)] { return glyph }
    let base = character.unicodeScalars.first?.value ?? 0
    let plain = String(character).decomposedStringWithCanonicalMapping.unicodeScalars.first?.value ?? base
    if plain < 128, let glyph = glyphs[Int(plain)] { return glyph }
    return alike[base].flatMap { glyphs[Int($0)] } ?? unknown
  }

  private static let glyphs: [Glyph?] = {
    var all = [Glyph?](repeating: nil, count: 128)
    for (character, strokes) in drawings {
      // Digits are equally wide, so that numbers stand in columns.
      let width = character.isNumber ? 7 : character == " " ? 1.5 : nil
      if let code = character.asciiValue { all[Int(code)] = Glyph(strokes, width: width) }
    }
    return all
  }()

  private static let unknown = Glyph("0A7A7M0M0A")

  /// Signs that are drawn as their nearest ASCII relative: dashes, quotation marks, the no-break space.
  private static let alike: [UInt32: UInt8] = [
    0xA0: 32, 0x2010: 45, 0x2011: 45, 0x2012: 45, 0x2013: 45, 0x2014: 45, 0x2018: 39, 0x2019: 39, 0x201C: 34,
    0x201D: 34, 0xD7: 120, 0xDF: 115, 0x2026: 46,
  ]

  private static let drawings: [Character: String] = [
    " ": "", "!": "0A0I 0M", "\"": "0A0D 3A3D", "#": "3B1L 7B5L 0E8E 0I8I", "$": "7D6b4B0b0f7h7l4L1l0J 4A4M",
    "%": "0C0a3a3C3e0e0C 6K6i9i9K9m6m6K 7A2M", "&": "8M2D1a5a5C5e0g0J0m6m8H", "'": "0A0D", "(": "3A0d0l3O",
    ")": "0A3d3l0O", "*": "3A3G 0B6F 6B0F", "+": "4D4L 0H8H", ",": "1M0O", "-": "0H5H", ".": "0M",
    "/": "0N6A", "0": "0G0a7a7G7m0m0G", "1": "1C4A4M", "2": "0D0a7a7D7g0M7M", "3": "0C1a3A6a6g3G7g7m3M1m0K",
    "4": "5M5A0I7I", "5": "6A1A0G2e7e7I7m3M1m0K", "6": "0I0e7e7I7m0m0I0a4A6a7B", "7": "0A7A2M",
    "8": "1D1a6a6D6g1g1D 0J0g7g7J7m0m0J", "9": "7E7i0i0E0a7a7E7m3M1m0L", ":": "0F 0M", ";": "1F 1M0O",
    "<": "7D0H7L", "=": "0F8F 0J8J", ">": "0D7H0L", "?": "0C0a6a6D6g3G3I 3M",
    "@": "7E7I7kakaHaa0a0H0o5O8N 7H7e3e3H3k7k7H", "A": "0M4A8M 1I7I", "B": "0A0M 0A4A7a7g4G0G 4G8g8m4M0M",
    "C": "8C7a4A0a0G0m4M7m8K", "D": "0A0M3M8m8G8a3A0A", "E": "7A0A0M7M 0G6G", "F": "7A0A0M 0G6G",
    "G": "8C7a4A0a0G0m4M8m8H5H", "H": "0A0M 8A8M 0G8G", "I": "0A0M", "J": "5A5I5m2M0m0J",
    "K": "0A0M 7A0H 3E8M", "L": "0A0M6M", "M": "0M0A5JaAaM", "N": "0M0A8M8A", "O": "0G0a9a9G9m0m0G",
    "P": "0M0A4A8a8h4H0H", "Q": "0G0a9a9G9m0m0G 6J9N", "R": "0M0A4A8a8h4H0H 4H8M",
    "S": "8C7a4A0a0f8h8m4M1m0K", "T": "0A8A 4A4M", "U": "0A0H0m8m8H8A", "V": "0A4M8A", "W": "0A3M6A9McA",
    "X": "0A8M 8A0M", "Y": "0A4G8A 4G4M", "Z": "0A8A0M8M", "[": "3A0A0O3O", "\\": "0A6N", "]": "0A3A3O0O",
    "^": "0E3A6E", "_": "0N7N", "`": "0A2C", "a": "0F2e6e6H6M 6H3H0h0m3M5m6K", "b": "0A0M 0I0e6e6I6m0m0I",
    "c": "6F5e3E0e0I0m3M5m6L", "d": "6A6M 6I6e0e0I0m6m6I", "e": "0I6I6e0e0I0m3M5m6L", "f": "2M2D2a5A 0E5E",
    "g": "6E6M6q3Q1q0P 6I6e0e0I0m6m6I", "h": "0A0M 0H0e6e6H6M", "i": "0E0M 0B", "j": "2E2N2q0Q 2B",
    "k": "0A0M 6E0J 2H6M", "l": "0A0K0m2M", "m": "0E0M 0H0e5e5H5M 5H5eaeaHaM", "n": "0E0M 0H0e6e6H6M",
    "o": "0I0e6e6I6m0m0I", "p": "0E0Q 0I0e6e6I6m0m0I", "q": "6E6Q 6I6e0e0I0m6m6I", "r": "0E0M 0H0e4E",
    "s": "6F5e3E0e0h6i6m3M1m0L", "t": "2B2K2m5M 0E5E", "u": "0E0I0m6m6I6E 6E6M", "v": "0E3M6E",
    "w": "0E2M5F8MaE", "x": "0E6M 6E0M", "y": "0E3M 6E2O1q0Q", "z": "0E6E0M6M", "{": "4A2a2E2h0H2h2K2o4O",
    "|": "0A0O", "}": "0A2a2E2h4H2h2K2o0O", "~": "0I1f7j8G",
  ]
}

extension StrokeFont.Glyph {
  private struct Knot {
    let point: StrokeFont.Point
    let bends: Bool
  }

  /// Reads the notation of ``StrokeFont``.
  fileprivate init(_ notation: String, width: Double? = nil) {
    var strokes: [[StrokeFont.Point]] = []
    var right = 0.0
    for text in notation.split(separator: " ") {
      let signs = Array(text.utf8)
      let knots = stride(from: 0, to: signs.count - 1, by: 2).map { place in
        let (column, line) = (signs[place], signs[place + 1])
        let x = column >= 97 ? Int(column) - 87 : Int(column) - 48
        return Knot(
          point: .init(x: Double(x), y: Double(line >= 97 ? line - 97 : line - 65)), bends: line >= 97)
      }
      right = max(right, knots.map(\.point.x).max() ?? 0)
      strokes.append(Self.lines(knots))
    }
    self.strokes = strokes
    self.width = width ?? right
  }

  /// The stroke as short straight lines.
  private static func lines(_ knots: [Knot]) -> [StrokeFont.Point] {
    guard var pen = knots.first?.point else { return [] }
    var result = [pen]
    for (place, knot) in knots.enumerated().dropFirst() {
      guard knot.bends, place + 1 < knots.count else {
        result.append(knot.point)
        pen = knot.point
        continue
      }
      let next = knots[place + 1]
      let end =
        next.bends
        ? StrokeFont.Point(x: (knot.point.x + next.point.x) / 2, y: (knot.point.y + next.point.y) / 2)
        : next.point
      for step in 1...8 {
        let (t, u) = (Double(step) / 8, 1 - Double(step) / 8)
        result.append(
          .init(
            x: u * u * pen.x + 2 * u * t * knot.point.x + t * t * end.x,
            y: u * u * pen.y + 2 * u * t * knot.point.y + t * t * end.y))
      }
      pen = end
    }
    return result
  }
}
