import FERCore
@testable import FERData
import Testing

/// Writes GIF files by hand, of eight colours, without compression: before each pixel the table is emptied.
struct GIFMaker {
  var canvas = [2, 2]
  /// Left, top, width, height.
  var frame = [0, 0, 2, 2]
  /// Red, green and blue, eight each.
  var palette: [[UInt8]]? = nil
  var ownPalette: [[UInt8]]? = nil
  var transparent: UInt8? = nil
  var interlaced = false
  /// As they are stored.
  var pixels: [Int] = []

  private func pair(_ value: Int) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8 & 0xFF)] }

  var file: [UInt8] {
    let flags: (Bool) -> UInt8 = { $0 ? 0x82 : 0 }
    var file = Array("GIF89a".utf8) + canvas.flatMap(pair) + [flags(palette != nil), 0, 0]
    file += (palette ?? []).flatMap { $0 }
    if let transparent { file += [0x21, 0xF9, 4, 1, 0, 0, transparent, 0] }
    file += [0x2C] + frame.flatMap(pair) + [flags(ownPalette != nil) | (interlaced ? 0x40 : 0)]
    file += (ownPalette ?? []).flatMap { $0 }
    // Codes of four bits, the lower first: 8 empties the table, 9 ends.
    let codes = pixels.flatMap { [8, $0] } + [9, 0]
    let packed = stride(from: 0, to: codes.count - 1, by: 2).map { UInt8(codes[$0] | codes[$0 + 1] << 4) }
    file += [3]
    for start in stride(from: 0, to: packed.count, by: 255) {
      let block = packed[start..<min(start + 255, packed.count)]
      file += [UInt8(block.count)] + block
    }
    return file + [0, 0x3B]
  }
}

@Suite("GIF files")
struct GIFTests {
  private let colours: [[UInt8]] = (0..<8).map { [$0 * 10, $0 * 10 + 1, $0 * 10 + 2] }
  private let others: [[UInt8]] = (0..<8).map { [200 + $0, 100 + $0, $0] }

  private func decoded(_ maker: GIFMaker) throws -> Image {
    try ImageFile.decode(maker.file, name: "made.gif")
  }

  @Test("a frame's own colours stand before the file's; without any there are greys")
  func palettes() throws {
    var maker = GIFMaker(palette: colours, pixels: [0, 7, 3, 1])
    #expect(try decoded(maker).bytes == [0, 7, 3, 1].flatMap { colours[$0] })
    maker.ownPalette = others
    #expect(try decoded(maker).bytes == [0, 7, 3, 1].flatMap { others[$0] })
    (maker.palette, maker.ownPalette) = (nil, nil)
    #expect(try decoded(maker).bytes == [0, 0, 0, 7, 7, 7, 3, 3, 3, 1, 1, 1])
  }

  /// Pillow's canvas: the transparent colour around the frame, or the first.
  @Test("a frame that is smaller than the canvas, and one that is larger")
  func canvas() throws {
    var maker = GIFMaker(canvas: [3, 2], frame: [1, 1, 1, 1], palette: colours, pixels: [5])
    #expect(try decoded(maker).bytes == [0, 0, 0, 0, 5, 0].flatMap { colours[$0] })
    maker.transparent = 4
    #expect(try decoded(maker).bytes == [4, 4, 4, 4, 5, 4].flatMap { colours[$0] })
    // The colour beneath transparency is kept.
    maker.pixels = [4]
    #expect(try decoded(maker).bytes == [4, 4, 4, 4, 4, 4].flatMap { colours[$0] })
    maker = GIFMaker(canvas: [1, 1], frame: [1, 0, 2, 1], palette: colours, pixels: [5, 6])
    let larger = try decoded(maker)
    #expect(larger.sides == [3, 1] && larger.bytes == [0, 5, 6].flatMap { colours[$0] })
  }

  /// Of five rows the first pass has row 0, the second 4, the third 2, the last 1 and 3.
  @Test("interlaced rows")
  func interlaced() throws {
    let maker = GIFMaker(
      canvas: [1, 5], frame: [0, 0, 1, 5], palette: colours, interlaced: true, pixels: [0, 4, 2, 1, 3])
    #expect(try decoded(maker).bytes == [0, 1, 2, 3, 4].flatMap { colours[$0] })
  }

  @Test("the pixels that Pillow sees", arguments: ["palette", "grey", "animation"])
  func fixtures(name: String) throws {
    let (found, expected) = (
      try ImageFile.decode(try fixture(name + ".gif"), name: name),
      try ImageFile.decode(try fixture(name + ".gif.expected.png"), name: name)
    )
    #expect(found == expected)
  }

  @Test("what is cut off, damaged, empty or too large is told")
  func refused() {
    func problem(_ bytes: [UInt8]) -> String {
      do { return "\(try ImageFile.decode(bytes, name: "made.gif").sides)" } catch { return "\(error)" }
    }
    let whole = GIFMaker(palette: colours, pixels: [0, 7, 3, 1]).file
    #expect(problem(Array(whole.dropLast())) == "[2, 2]")
    for count in [10, 20, 40, 50, whole.count - 4] {
      #expect(
        problem(Array(whole.prefix(count)))
          == "made.gif: is cut off: the GIF data end before the picture does", "\(count)")
    }
    #expect(problem(Array(whole.prefix(37)) + [0x3B]) == "made.gif: holds no picture")
    #expect(problem(GIFMaker(palette: colours, pixels: [0, 7, 3]).file).contains("is cut off"))
    #expect(
      problem(GIFMaker(frame: [0, 0, 0, 2], palette: colours).file)
        == "made.gif: has a first frame of 0x2 pixels, so there is nothing to see")
    #expect(
      problem(GIFMaker(canvas: [40_000, 2], palette: colours, pixels: [0, 0, 0, 0]).file)
        == "made.gif: states a size of 40000x2 pixels; at most 32768 a side and 67108864 in all are read")
  }
}
