import FERCore
@testable import FERData
import Testing

@Suite("BMP files")
struct WindowsBitmapTests {
  private static let colours: [[UInt8]] = [[10, 20, 30], [40, 50, 60], [70, 80, 90], [100, 110, 120]]

  private func bytes(_ maker: BitmapMaker) throws -> [UInt8] {
    try ImageFile.decode(maker.file, name: "made.bmp").bytes
  }

  private func problem(_ maker: BitmapMaker) -> String {
    do { return "\(try ImageFile.decode(maker.file, name: "made.bmp").sides)" } catch { return "\(error)" }
  }

  /// The indices of three pixels, 1 0 1 above and 0 1 1 below, stored from below; rows are padded to four bytes.
  @Test("pixels of 1, 2, 4 and 8 bits are places in the palette")
  func palettes() throws {
    let rows: [(bits: Int, below: UInt32, above: UInt32)] = [
      (1, 0b011 << 29, 0b101 << 29), (2, 0x1400_0000, 0x4400_0000), (4, 0x0110_0000, 0x1010_0000),
      (8, 0x0001_0100, 0x0100_0100),
    ]
    let expected = [1, 0, 1, 0, 1, 1].flatMap { Self.colours[$0] }
    for (bits, below, above) in rows {
      let data = [below, above].flatMap { row in [24, 16, 8, 0].map { UInt8(row >> $0 & 0xFF) } }
      for header in [12, 16, 40, 52, 56, 64, 108, 124] {
        var maker = BitmapMaker(width: 3, bits: bits, header: header, palette: Self.colours, data: data)
        // OS/2's header has no number of colours, so its palette is whole.
        maker.palette = Array(repeating: Self.colours, count: 64).flatMap { $0 }.prefix(1 << bits).map { $0 }
        #expect(try bytes(maker) == expected, "\(bits) bits, header of \(header) bytes")
      }
      let few = BitmapMaker(width: 3, bits: bits, palette: Array(Self.colours[..<2]), colours: 2, data: data)
      #expect(try bytes(few) == expected, "\(bits) bits, two colours")
      var above = few
      (above.height, above.data) = (-2, Array(data[4...] + data[..<4]))
      #expect(try bytes(above) == expected, "\(bits) bits, from above")
    }
    // A place beyond the palette is black.
    let beyond = BitmapMaker(
      width: 1, height: 1, bits: 8, palette: [[9, 9, 9]], colours: 1, data: [7, 0, 0, 0])
    #expect(try bytes(beyond) == [0, 0, 0])
  }

  @Test("colours of 24 and 32 bits are blue, green, red; a row is padded, the last may lack it")
  func direct() throws {
    let expected: [UInt8] = [1, 2, 3, 4, 5, 6]
    let rows: [UInt8] = [6, 5, 4, 0, 3, 2, 1, 0]
    #expect(try bytes(BitmapMaker(width: 1, data: rows)) == expected)
    #expect(try bytes(BitmapMaker(width: 1, data: rows.dropLast())) == expected)
    #expect(problem(BitmapMaker(width: 1, data: rows.dropLast(2))).contains("is cut off"))
    // The fourth byte is nothing, or transparency.
    let four: [UInt8] = [6, 5, 4, 77, 3, 2, 1, 99]
    #expect(try bytes(BitmapMaker(width: 1, bits: 32, data: four)) == expected)
    let alpha = BitmapMaker(
      width: 1, bits: 32, header: 124, compression: 3, masks: [0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000],
      data: four)
    #expect(try bytes(alpha) == expected)
    #expect(try bytes(BitmapMaker(width: 1, hasFileHeader: false, data: rows)) == expected)
  }

  /// 0x7FFF is 31 of 31 in each; 0x4210 = 1 0000 1 0000 1 0000 is 16 of 31, 131.6; of 6 bits 0x0400 is 32 of 63, 129.5.
  @Test("colours of 16 bits, and those that bit fields tell")
  func fields() throws {
    let plain = BitmapMaker(width: 2, height: 1, bits: 16, data: [0xFF, 0x7F, 0x10, 0x42])
    #expect(try bytes(plain) == [255, 255, 255, 131, 131, 131])
    let six = BitmapMaker(
      width: 2, height: 1, bits: 16, compression: 3, masks: [0xF800, 0x7E0, 0x1F], data: [0, 0xF8, 0, 4])
    #expect(try bytes(six) == [255, 0, 0, 0, 129, 0])
    // Ten bits each, of which 512 of 1023 is 127.6; the same masks in a longer header.
    let value = 1023 << 22 | 512 << 12 | 1 << 2
    let data = (0..<4).map { UInt8(value >> (8 * $0) & 0xFF) }
    for header in [40, 56, 108] {
      let ten = BitmapMaker(
        width: 1, height: 1, bits: 32, header: header, compression: 3,
        masks: [1023 << 22, 1023 << 12, 1023 << 2],
        data: data)
      #expect(try bytes(ten) == [255, 127, 0], "header of \(header) bytes")
    }
    let fourth = BitmapMaker(
      width: 1, height: 1, bits: 32, compression: 6, masks: [0xFF, 0xFF00, 0xFF_0000, 0xFF00_0000],
      data: [1, 2, 3, 4])
    #expect(try bytes(fourth) == [1, 2, 3])
  }

  private func greys(_ count: Int) -> [[UInt8]] { (0..<count).map { Array(repeating: UInt8($0), count: 3) } }

  /// The examples of Microsoft's "Bitmap Compression": runs, pixels as they are, a step of 5 to the right and 1 up.
  @Test("runs of eight and of four bits")
  func runs() throws {
    let eight: [UInt8] = [
      3, 4, 5, 6, 0, 3, 0x45, 0x56, 0x67, 0, 2, 0x78, 0, 2, 5, 1, 2, 0x78, 0, 0, 9, 0x1E, 0, 1,
    ]
    let four: [UInt8] = [
      3, 4, 5, 6, 0, 6, 0x45, 0x56, 0x67, 0, 4, 0x78, 0, 2, 5, 1, 4, 0x78, 0, 0, 9, 0x1E, 0, 1,
    ]
    let eightRows: [[UInt8]] = [
      [4, 4, 4, 6, 6, 6, 6, 6, 0x45, 0x56, 0x67, 0x78, 0x78], Array(repeating: 0, count: 18) + [0x78, 0x78],
      Array(repeating: 0x1E, count: 9),
    ]
    let fourRows: [[UInt8]] = [
      [0, 4, 0, 0, 6, 0, 6, 0, 4, 5, 5, 6, 6, 7, 7, 8, 7, 8], Array(repeating: 0, count: 23) + [7, 8, 7, 8],
      [1, 14, 1, 14, 1, 14, 1, 14, 1],
    ]
    for (bits, data, rows) in [(8, eight, eightRows), (4, four, fourRows)] {
      var maker = BitmapMaker(
        width: 27, height: 3, bits: bits, compression: bits == 8 ? 1 : 2, palette: greys(1 << bits),
        data: data)
      // The first row stored is the lowest.
      let expected = rows.reversed().flatMap { row in
        (row + Array(repeating: 0, count: 27 - row.count)).flatMap { [$0, $0, $0] }
      }
      #expect(try bytes(maker) == expected, "RLE\(bits)")
      // Without the end of the picture more is expected, unless all its pixels are there.
      maker.data = Array(data.dropLast(2))
      #expect(problem(maker).contains("is cut off"), "RLE\(bits)")
      maker.data += [27, 0]
      #expect(try bytes(maker).count == 3 * 81)
      // What goes beyond the row is left out.
      maker.data = [255, 0x11, 0, 0, 0, 1]
      #expect(try bytes(maker).suffix(81).allSatisfy { $0 == (bits == 8 ? 17 : 1) })
      maker.data = [0, 2, 255, 255, 1, 1, 0, 1]
      #expect(try bytes(maker).allSatisfy { $0 == 0 })
    }
  }

  @Test("where the pixels are: as stated, behind the palette, and where the palette was forgotten")
  func offsets() throws {
    for offset in [nil, 0, 54] {
      let maker = BitmapMaker(
        width: 1, height: 1, bits: 8, palette: [[1, 2, 3], [4, 5, 6]], colours: 2, offset: offset,
        data: [1, 0, 0, 0])
      #expect(try bytes(maker) == [4, 5, 6], "\(offset ?? -1)")
    }
    #expect(
      problem(BitmapMaker(offset: 0xFFFF_FFFF, data: Array(repeating: 0, count: 16))).contains("is cut off"))
  }

  @Test("what is not read is named")
  func refused() {
    let cases: [(BitmapMaker, String)] = [
      (
        BitmapMaker(header: 66), "is a BMP file with a header of 66 bytes; 12, 16 to 64, 108 and 124 are read"
      ),
      (
        BitmapMaker(bits: 3),
        "is a BMP file of 3 bits a pixel; 1, 2, 4, 8, 16, 24 and 32 are read; convert it to PNG"
      ),
      (BitmapMaker(bits: 4, compression: 1), "is a BMP file of RLE8 with 4 bits a pixel; convert it to PNG"),
      (BitmapMaker(compression: 4), "is a BMP file with a JPEG file inside; convert it to PNG"),
      (BitmapMaker(compression: 5), "is a BMP file with a PNG file inside; convert it to PNG"),
      (
        BitmapMaker(bits: 1, header: 64, compression: 3),
        "is a BMP file of OS/2's Huffman coding; convert it to PNG"
      ),
      (BitmapMaker(header: 64, compression: 4), "is a BMP file of OS/2's RLE24; convert it to PNG"),
      (BitmapMaker(compression: 9), "is a BMP file of an unknown compression, number 9; convert it to PNG"),
      (
        BitmapMaker(width: 0), "states a size of 0x2 pixels, so there is nothing to see"
      ),
      (
        BitmapMaker(width: 40_000, height: -40_000),
        "states a size of 40000x40000 pixels; at most 32768 a side and 67108864 in all are read"
      ),
    ]
    for (maker, sentence) in cases { #expect(problem(maker) == "made.bmp: " + sentence) }
  }
}
