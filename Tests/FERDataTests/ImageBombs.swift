/// A zlib stream of zeros (RFC 1950, RFC 1951), 158 times as long unpacked: in the fixed code of deflate a 0 and then
/// "258 bytes as the one before" again and again.
func packedZeros(_ count: Int) -> [UInt8] {
  var bytes: [UInt8] = [0x78, 0x01]
  var (bits, filled) = (0, 0)
  func put(_ value: Int, _ width: Int) {
    bits |= value << filled
    filled += width
    while filled >= 8 {
      bytes.append(UInt8(bits & 0xFF))
      (bits, filled) = (bits >> 8, filled - 8)
    }
  }
  // Codes are written from their highest bit on: 00110000 is the byte 0, 11000101 the length 258, 00000 the distance 1.
  put(0b011, 3)
  let rest = (count - 1) % 258
  for _ in 0...rest { put(0b0000_1100, 8) }
  for _ in 0..<(count - 1) / 258 {
    put(0b1010_0011, 8)
    put(0, 5)
  }
  put(0, 7)
  if filled > 0 { bytes.append(UInt8(bits & 0xFF)) }
  // Adler's sum of zeros.
  let sum = (count % 65_521) << 16 | 1
  return bytes + (0..<4).map { UInt8(sum >> (24 - 8 * $0) & 0xFF) }
}

enum PNGBombs {
  static var all: [HostileImage] {
    [
      // The largest picture that is allowed, and one that unfolds to more than it states.
      image("largest", 8192, 8192, kind: 2, unpacked: 8192 * (3 * 8192 + 1)),
      image("largest-interlaced", 8192, 8192, kind: 0, unpacked: 8192 * 8192 + 3 * 8192, interlaced: true),
      image("overfull", 4, 4, kind: 2, unpacked: 200_000_000),
      image("text", 1, 1, kind: 0, unpacked: 2, extra: [("zTXt", text)]),
      image(
        "unicode", 1, 1, kind: 0, unpacked: 2,
        extra: [("iTXt", Array("a\0\u{1}\0\0\0".utf8) + packedZeros(100_000_000))]),
      image("profile", 1, 1, kind: 0, unpacked: 2, extra: [("iCCP", text)]),
      image(
        "many-texts", 1, 1, kind: 0, unpacked: 2,
        extra: Array(repeating: ("tEXt", [97, 0, 98]), count: 50_000)),
      image(
        "many-unknown", 1, 1, kind: 0, unpacked: 2, extra: Array(repeating: ("abCd", [1]), count: 50_000)),
      image("exif", 1, 1, kind: 0, unpacked: 2, extra: [("eXIf", Array(repeating: 0x49, count: 9_000_000))]),
      image("palette", 1, 1, kind: 3, unpacked: 2, extra: [("PLTE", Array(repeating: 9, count: 3_000))]),
    ]
  }

  private static var text: [UInt8] { Array("a\0\0".utf8) + packedZeros(200_000_000) }

  private static func image(
    _ name: String, _ width: Int, _ height: Int, kind: UInt8, unpacked: Int, interlaced: Bool = false,
    extra: [(String, [UInt8])] = []
  ) -> HostileImage {
    var maker = PNGMaker(width: width, height: height, kind: kind, interlaced: interlaced)
    maker.extra = extra
    maker.packed = packedZeros(unpacked)
    return HostileImage(name: "bomb-\(name).png", bytes: maker.file)
  }
}

/// TIFF files by hand, little-endian.
enum TIFFBombs {
  /// One entry of a directory.
  struct Entry {
    let tag, type, count, value: Int
    init(_ tag: Int, _ value: Int, type: Int = 4, count: Int = 1) {
      (self.tag, self.type, self.count, self.value) = (tag, type, count, value)
    }
  }

  private static func number(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(value >> (8 * $0) & 0xFF) }
  }

  static func header(_ first: Int) -> [UInt8] { [0x49, 0x49, 42, 0] + number(first, 4) }

  static func directory(_ entries: [Entry], next: Int = 0) -> [UInt8] {
    number(entries.count, 2)
      + entries.flatMap { number($0.tag, 2) + number($0.type, 2) + number($0.count, 4) + number($0.value, 4) }
      + number(next, 4)
  }

  /// One strip or tile behind the directory.
  private static func image(_ name: String, _ tags: [(Int, Int)], _ data: [UInt8]) -> HostileImage {
    let isTiled = tags.contains { $0.0 == 322 }
    let start = 8 + 2 + 12 * (tags.count + 2) + 4
    let entries =
      tags.map { Entry($0.0, $0.1) } + [
        Entry(isTiled ? 324 : 273, start), Entry(isTiled ? 325 : 279, data.count),
      ]
    let bytes = header(8) + directory(entries.sorted { $0.tag < $1.tag }) + data
    return HostileImage(name: "bomb-\(name).tiff", bytes: bytes)
  }

  static var all: [HostileImage] {
    let runs = (0..<524_288).flatMap { _ in [0x81, 0] as [UInt8] }  // PackBits: 128 zeros each
    return [
      image("deflate", [(256, 8192), (257, 8192), (258, 8), (259, 8), (262, 1)], packedZeros(8192 * 8192)),
      image(
        "deflate16", [(256, 8192), (257, 8192), (258, 16), (259, 8), (262, 1)], packedZeros(2 * 8192 * 8192)),
      image("packbits", [(256, 8192), (257, 8192), (258, 8), (259, 32_773), (262, 1)], runs),
      image("overfull", [(256, 4), (257, 4), (258, 8), (259, 8), (262, 1)], packedZeros(200_000_000)),
      image(
        "tile", [(256, 4), (257, 4), (258, 8), (259, 8), (262, 1), (322, 8192), (323, 8192)],
        packedZeros(8192 * 8192)),
      image(
        "tile-colours",
        [(256, 4), (257, 4), (258, 16), (259, 8), (262, 1), (277, 60_000), (322, 4096), (323, 4096)], [0]),
      image(
        "small-tiles", [(256, 8192), (257, 8192), (258, 8), (259, 1), (262, 1), (322, 1), (323, 1)], [0]),
      image("rows", [(256, 8192), (257, 8192), (258, 8), (259, 1), (262, 1), (278, 1)], [0]),
      image("samples", [(256, 8192), (257, 8192), (258, 8), (259, 1), (262, 1), (277, 65_535)], [0]),
      image(
        "fax", [(256, 8192), (257, 8192), (258, 1), (259, 4), (262, 0)],
        Array(repeating: 0xFF, count: 1 << 20)),
      image("huge", [(256, 40_000), (257, 40_000), (258, 8), (259, 1), (262, 1)], [0]),
      image("overflowing", [(256, 0xFFFF_FFFF), (257, 0xFFFF_FFFF), (258, 8), (259, 1), (262, 1)], [0]),
    ]
  }
}

/// JPEG files by hand: one grey component.
enum JPEGBombs {
  private static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
    [0xFF, marker, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 0xFF)] + content
  }

  /// A code of one symbol, which is written as the bit 0.
  private static func code(_ kind: UInt8, _ symbol: UInt8) -> [UInt8] {
    segment(0xC4, [kind, 1] + Array(repeating: 0, count: 15) + [symbol])
  }

  private static func scan(_ first: UInt8, _ last: UInt8, _ data: [UInt8]) -> [UInt8] {
    segment(0xDA, [1, 1, 0, first, last, 0]) + data
  }

  private static func frame(_ kind: UInt8, _ side: Int) -> [UInt8] {
    let size = [UInt8(side >> 8), UInt8(side & 0xFF)]
    return [0xFF, 0xD8] + segment(0xDB, [0] + Array(repeating: 1, count: 64))
      + segment(kind, [8] + size + size + [1, 1, 0x11, 0])
      + code(0, 0)
  }

  /// The same empty scan again and again: a run of 32767 blocks without coefficients takes 15 bits, all but the first
  /// of them ones.
  private static func scans(_ count: Int, side: Int) -> HostileImage {
    let blocks = (side / 8) * (side / 8)
    let runs = (0..<(blocks + 32_766) / 32_767).flatMap { _ in [0] + Array(repeating: 1, count: 14) }
    var packed: [UInt8] = []
    for start in stride(from: 0, to: runs.count, by: 8) {
      let byte = (start..<start + 8).reduce(0) { $0 << 1 | (runs.indices.contains($1) ? runs[$1] : 1) }
      packed += byte == 255 ? [255, 0] : [UInt8(byte)]
    }
    let first = scan(0, 0, Array(repeating: 0, count: (blocks + 7) / 8))
    let again = scan(1, 63, packed)
    let bytes =
      frame(0xC2, side) + code(0x10, 0xE0) + first + (0..<count).flatMap { _ in again } + [0xFF, 0xD9]
    return HostileImage(name: "bomb-\(count)scans-\(side).jpg", bytes: bytes)
  }

  static var all: [HostileImage] {
    let blocks = 1024 * 1024
    let plain =
      frame(0xC0, 8192) + code(0x10, 0) + scan(0, 63, Array(repeating: 0, count: blocks / 4)) + [0xFF, 0xD9]
    let markers = (0..<5000).flatMap { _ in segment(0xE1, Array("Exif\0\0MM".utf8)) }
    let restarts: [UInt8] =
      [0xFF, 0xD8] + (0..<100_000).flatMap { number -> [UInt8] in [0xFF, 0xD0 + UInt8(number % 8)] }
    return [
      scans(14, side: 8192), scans(250, side: 8192), scans(250, side: 1024), scans(3000, side: 8),
      HostileImage(name: "bomb-plain.jpg", bytes: plain),
      HostileImage(name: "bomb-markers.jpg", bytes: [0xFF, 0xD8] + markers + plain[2...]),
      HostileImage(name: "bomb-restarts.jpg", bytes: restarts),
      HostileImage(name: "bomb-fill.jpg", bytes: [0xFF, 0xD8] + Array(repeating: 0xFF, count: 1 << 20)),
    ]
  }
}
