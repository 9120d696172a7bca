import FERCore
@testable import FERData
import Foundation
import TensorKit
import Testing

@Suite("Decoding images")
struct DecodingTests {
  private func decoded(_ name: String) throws -> Image { try ImageFile.decode(try fixture(name), name: name) }

  private func worst(_ name: String) throws -> Int {
    let (found, expected) = (try decoded(name), try decoded(name + ".expected.png"))
    #expect(found.sides == expected.sides, "\(name)")
    return zip(found.bytes, expected.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 255
  }

  /// Pillow uses the same library for JPEG, perhaps another version of it: one level apart is allowed.
  @Test(
    "JPEG of every kind: the pixels that Pillow sees",
    arguments: [
      "colour", "halved", "wide", "tall", "progressive", "grey", "restarts", "unconverted", "arithmetic",
      "arithmetic_progressive", "inks", "inks_unmarked", "ycck",
    ])
  func jpeg(name: String) throws {
    #expect(try worst(name + ".jpg") <= 1)
  }

  @Test("JPEG of more than eight bits and without loss: a sentence")
  func refusedJPEG() throws {
    for (name, reason) in [("twelve", "precision 12"), ("lossless", "SOF type 0xc3")] {
      #expect("\(problem(name + ".jpg"))".hasPrefix("\(name).jpg: is damaged or not supported: "))
      #expect(problem(name + ".jpg").contains(reason), "\(problem(name + ".jpg"))")
    }
  }

  @Test(
    "PNG of every kind: what was written, and what Pillow sees",
    arguments: [
      "grey1", "grey2", "grey4", "grey16", "colour16", "interlaced", "grey_alpha", "palette", "gamma",
      "turned3", "turned6",
    ])
  func png(name: String) throws {
    #expect(try worst(name + ".png") == 0)
  }

  /// Two steps of rounding lie between sixteen bits, inks or multiplied colours and what Pillow makes of them.
  @Test(
    "TIFF of every kind: what was written, and what Pillow sees",
    arguments: [
      "plain", "packed", "grey", "grey2", "grey4", "grey16", "colour16", "white", "white16", "palette",
      "tiles", "planes",
      "plane_tiles", "packbits", "big", "pages", "alpha", "alpha16", "alpha_planes", "grey_alpha",
      "multiplied", "inks",
      "fax", "jpeg", "turned1", "turned2", "turned3", "turned4", "turned5", "turned6", "turned7", "turned8",
    ])
  func tiff(name: String) throws {
    let isExact = !["grey16", "colour16", "white16", "alpha16", "multiplied", "inks", "jpeg"].contains(name)
    #expect(try worst(name + ".tiff") <= (isExact ? 0 : 1))
  }

  @Test("TIFF with samples that are no whole numbers of 1 to 16 bits: a sentence that tells what to do")
  func refusedTIFF() {
    #expect(
      problem("floats.tiff") == "floats.tiff: holds signed or floating-point samples; convert it to PNG")
    #expect(
      problem("signed.tiff") == "signed.tiff: holds signed or floating-point samples; convert it to PNG")
    #expect(
      problem("deep32.tiff")
        == "deep32.tiff: has 32 bits a sample; 1, 2, 4, 8 and 16 are read; convert it to PNG")
  }

  private func problem(_ name: String) -> String {
    do {
      let image = try decoded(name)
      return "\(image.width)x\(image.height)"
    } catch {
      return "\(error)"
    }
  }

  @Test("EXIF's eight orientations are applied, 0 and 9 ignored", arguments: 0...9)
  func orientation(number: Int) throws {
    #expect(try decoded("turned\(number).jpg").sides == ((5...8).contains(number) ? [8, 16] : [16, 8]))
    #expect(try worst("turned\(number).jpg") <= 1)
  }

  private func bytes(_ maker: PNGMaker) throws -> [UInt8] {
    try ImageFile.decode(maker.file, name: "made.png").bytes
  }

  /// A grey of n bits is spread over 0...255: v · 255 / (2ⁿ − 1).
  @Test("grey PNGs of every depth")
  func greys() throws {
    // 1 bit: 1 0 / 0 1; 2 bits: 0 1 / 2 3; 4 bits: 0 5 / 10 15; 16 bits: 65535 · (0, 1/5) / (1/3, 1).
    let cases: [(depth: UInt8, rows: [UInt8], values: [UInt8])] = [
      (1, [0, 0b1000_0000, 0, 0b0100_0000], [255, 0, 0, 255]),
      (2, [0, 0b0001_0000, 0, 0b1011_0000], [0, 85, 170, 255]),
      (4, [0, 0x05, 0, 0xAF], [0, 85, 170, 255]),
      (8, [0, 0, 51, 0, 85, 255], [0, 51, 85, 255]),
      (16, [0, 0, 0, 51, 51, 0, 85, 85, 255, 255], [0, 51, 85, 255]),
    ]
    for (depth, rows, values) in cases {
      let found = try bytes(PNGMaker(depth: depth, kind: 0, data: rows))
      #expect(found == values.flatMap { [$0, $0, $0] }, "\(depth) bits")
    }
  }

  @Test("transparency is dropped, the colour beneath it is kept")
  func transparency() throws {
    let colours: [UInt8] = [1, 2, 3, 40, 50, 60, 7, 8, 9, 250, 0, 128]
    #expect(try bytes(PNGMaker(kind: 2, data: [0] + colours[..<6] + [0] + colours[6...])) == colours)
    let withAlpha: [UInt8] = [0, 1, 2, 3, 0, 40, 50, 60, 255, 0, 7, 8, 9, 128, 250, 0, 128, 1]
    #expect(try bytes(PNGMaker(kind: 6, data: withAlpha)) == colours)
    let grey = try bytes(PNGMaker(kind: 4, data: [0, 9, 0, 80, 255, 0, 7, 3, 255, 1]))
    #expect(grey == [9, 80, 7, 255].flatMap { [$0, $0, $0] })
    // The transparent colour of an RGB file, and of a palette.
    let named = PNGMaker(
      kind: 2, data: [0] + colours[..<6] + [0] + colours[6...], extra: [("tRNS", [0, 1, 0, 2, 0, 3])])
    #expect(try bytes(named) == colours)
    let palette = PNGMaker(
      depth: 2, kind: 3, data: [0, 0b0001_0000, 0, 0b1011_0000],
      extra: [("PLTE", colours), ("tRNS", [0, 128, 255])])
    #expect(try bytes(palette) == colours)
  }

  @Test("sixteen bits of colour are scaled to eight")
  func sixteenBits() throws {
    // 0x8080 = 257 · 128; 0xFF7F lies nearer to 255 · 257 than to 254 · 257.
    let row: [UInt8] = [0, 0x80, 0x80, 0xFF, 0x7F, 0, 0, 0xFF, 0xFF, 0x01, 0x01, 0x00, 0x7F]
    #expect(
      try bytes(PNGMaker(width: 2, height: 1, depth: 16, kind: 2, data: row)) == [128, 255, 0, 255, 1, 0])
  }

  /// Adam7 gives a 2x2 picture three passes: pixel (0, 0), pixel (1, 0), and the second row.
  @Test("interlaced PNGs")
  func interlaced() throws {
    let maker = PNGMaker(kind: 0, interlaced: true, data: [0, 10, 0, 20, 0, 30, 40])
    #expect(try bytes(maker) == [10, 20, 30, 40].flatMap { [$0, $0, $0] })
  }

  @Test("what is written as PNG is read back")
  func roundTrip() throws {
    let image = rampImage(width: 13, height: 7)
    let found = try ImageFile.decode(try ImageFile.encodePNG(image), name: "ramp")
    #expect(found == image)
    #expect(throws: DataProblem.self) { try ImageFile.encodePNG(Image(width: 0, height: 3, pixels: [])) }
    let wild = Image(width: 1, height: 1, pixels: [.nan, -.infinity, 1e30])
    #expect(wild.bytes == [0, 0, 255])
  }
}
