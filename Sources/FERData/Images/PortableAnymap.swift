import FERCore
import Support

/// Netpbm's pictures (PNM): PBM, PGM and PPM as text (P1, P2, P3) and as bytes (P4, P5, P6), and PAM (P7), of any largest
/// value up to 65535. Of several pictures in a file the first.
///
///     P6  # a comment                 PBM has no largest value; its 1 is black, in bytes eight pixels in one.
///     width height largest            Above 255 a value takes two bytes, the higher first.
///     values, from above              A value becomes v · 255 / largest, rounded.
struct PortableAnymap {
  private let name: String
  private let bytes: [UInt8]
  /// The next byte.
  private var at: Int
  private var width = 0
  private var height = 0
  private var largest = 1
  /// Values of a pixel: a grey, or red, green and blue; perhaps transparency behind them, which is dropped.
  private var depth = 1

  /// Decodes a file's content; `name` is what problems call it.
  /// - Throws: a ``DataProblem``.
  static func decode(_ bytes: [UInt8], name: String, limits: ImageFile.Limits) throws(DataProblem) -> Image {
    var file = PortableAnymap(name: name, bytes: bytes)
    return try file.image(limits)
  }

  private init(name: String, bytes: [UInt8]) {
    (self.name, self.bytes) = (name, bytes)
    at = min(2, bytes.count)
  }

  private mutating func image(_ limits: ImageFile.Limits) throws(DataProblem) -> Image {
    let kind = bytes.count > 1 ? bytes[1] : 0
    if kind == UInt8(ascii: "7") {
      try readNamedHeader()
    } else {
      (width, height) = (try readNumber(), try readNumber())
      if ![UInt8(ascii: "1"), UInt8(ascii: "4")].contains(kind) { largest = try readNumber() }
      depth = [UInt8(ascii: "3"), UInt8(ascii: "6")].contains(kind) ? 3 : 1
    }
    guard (1...65_535).contains(largest) else {
      throw DataProblem(name, "is a PNM file whose largest value is \(largest); 1 to 65535 are read")
    }
    if let problem = limits.problem(width: width, height: height) { throw DataProblem(name, problem) }
    let pixels =
      switch kind {
      case UInt8(ascii: "1"): try writtenBits()
      case UInt8(ascii: "2"), UInt8(ascii: "3"): try writtenValues()
      case UInt8(ascii: "4"): try storedBits()
      default: try storedValues()
      }
    return Image(width: width, height: height, eightBit: pixels)
  }

  private var cutOff: DataProblem {
    DataProblem(name, "is cut off: the PNM data end before the picture does")
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

  /// Passes over white space, and comments, which reach to the end of the line.
  private mutating func skipSpace() {
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "#") {
        while at < bytes.count, bytes[at] != 10, bytes[at] != 13 { at += 1 }
      } else if !Self.isSpace(bytes[at]) {
        return
      } else {
        at += 1
      }
    }
  }

  /// Reads a word, and the one byte of white space or the comment that ends it.
  private mutating func readWord() -> ArraySlice<UInt8> {
    skipSpace()
    let start = at
    while at < bytes.count, !Self.isSpace(bytes[at]), bytes[at] != UInt8(ascii: "#") { at += 1 }
    let word = bytes[start..<at]
    while at < bytes.count, bytes[at] == UInt8(ascii: "#") {
      while at < bytes.count, bytes[at] != 10, bytes[at] != 13 { at += 1 }
    }
    if at < bytes.count { at += 1 }
    return word
  }

  /// A number of at most nine digits.
  private func number(_ word: ArraySlice<UInt8>) throws(DataProblem) -> Int {
    guard !word.isEmpty else { throw cutOff }
    guard word.count <= 9, word.allSatisfy({ (48...57).contains($0) }) else {
      let text = String(decoding: word.prefix(20), as: UTF8.self).printable
      throw DataProblem(name, "is damaged: where a PNM file has a number stands \(text)")
    }
    return word.reduce(0) { $0 * 10 + Int($1 - 48) }
  }

  private mutating func readNumber() throws(DataProblem) -> Int { try number(readWord()) }

  /// PAM's header: a name and a value in each line.
  private mutating func readNamedHeader() throws(DataProblem) {
    while true {
      let word = String(decoding: readWord(), as: UTF8.self)
      switch word {
      case "WIDTH": width = try readNumber()
      case "HEIGHT": height = try readNumber()
      case "DEPTH": depth = try readNumber()
      case "MAXVAL": largest = try readNumber()
      case "TUPLTYPE":
        let kind = String(decoding: readWord(), as: UTF8.self)
        guard ["BLACKANDWHITE", "GRAYSCALE", "RGB"].contains(kind.replacing("_ALPHA", with: "")) else {
          throw DataProblem(
            name, "is a PAM file of tuples \(kind.printable); grey and RGB are read; convert it to PNG")
        }
      case "ENDHDR":
        guard (1...4).contains(depth) else {
          throw DataProblem(
            name, "is a PAM file of \(depth) values a pixel; 1 to 4 are read; convert it to PNG")
        }
        return
      case "": throw cutOff
      default: throw DataProblem(name, "is damaged: a PAM file's header has no \(word.printable)")
      }
    }
  }

  /// v · 255 / largest, rounded; a value above the largest counts as the largest.
  private func eightBit(_ value: Int) -> UInt8 {
    UInt8((2 * 255 * min(value, largest) + largest) / (2 * largest))
  }

  /// The pixel of a grey, or of red, green and blue.
  private func put(_ pixel: Int, _ channel: Int, _ value: UInt8, in pixels: inout [UInt8]) {
    if depth >= 3 {
      if channel < 3 { pixels[3 * pixel + channel] = value }
    } else if channel == 0 {
      for channel in 0..<3 { pixels[3 * pixel + channel] = value }
    }
  }

  private func blank() -> [UInt8] { [UInt8](repeating: 0, count: width * height * 3) }

  /// P1: zeros and ones, with or without white space between them.
  private mutating func writtenBits() throws(DataProblem) -> [UInt8] {
    guard bytes.count - at >= width * height else { throw cutOff }
    var pixels = blank()
    for pixel in 0..<width * height {
      skipSpace()
      guard at < bytes.count else { throw cutOff }
      guard bytes[at] == 48 || bytes[at] == 49 else {
        throw DataProblem(name, "is damaged: a pixel of a plain PBM file is neither 0 nor 1")
      }
      put(pixel, 0, bytes[at] == 48 ? 255 : 0, in: &pixels)
      at += 1
    }
    return pixels
  }

  /// P2, P3: numbers with white space between them.
  private mutating func writtenValues() throws(DataProblem) -> [UInt8] {
    guard bytes.count - at >= 2 * width * height * depth - 1 else { throw cutOff }
    var pixels = blank()
    for pixel in 0..<width * height {
      for channel in 0..<depth {
        let value = try readNumber()
        guard value <= largest else {
          throw DataProblem(name, "is damaged: it holds the value \(value), its largest is \(largest)")
        }
        put(pixel, channel, eightBit(value), in: &pixels)
      }
    }
    return pixels
  }

  /// P4: eight pixels a byte, the highest bit first, each row padded to whole bytes.
  private func storedBits() throws(DataProblem) -> [UInt8] {
    let stride = (width + 7) / 8
    guard bytes.count - at >= stride * height else { throw cutOff }
    var pixels = blank()
    for row in 0..<height {
      for x in 0..<width {
        let isBlack = bytes[at + row * stride + x / 8] >> UInt8(7 - x % 8) & 1 == 1
        put(row * width + x, 0, isBlack ? 0 : 255, in: &pixels)
      }
    }
    return pixels
  }

  /// P5, P6, P7.
  private func storedValues() throws(DataProblem) -> [UInt8] {
    let size = largest > 255 ? 2 : 1
    guard bytes.count - at >= width * height * depth * size else { throw cutOff }
    let scaled = size == 1 ? (0...255).map { eightBit($0) } : []
    var pixels = blank()
    var place = at
    for pixel in 0..<width * height {
      for channel in 0..<depth {
        let value =
          size == 1 ? scaled[Int(bytes[place])] : eightBit(Int(bytes[place]) << 8 | Int(bytes[place + 1]))
        put(pixel, channel, value, in: &pixels)
        place += size
      }
    }
    return pixels
  }
}
