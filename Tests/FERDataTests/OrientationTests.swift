import FERCore
@testable import FERData
import Foundation
import Testing

@Suite("Orientation")
struct OrientationTests {
  /// EXIF of one entry, little-endian: tag 0x0112, a short.
  private func exif(_ orientation: UInt8, tag: UInt8 = 0x12) -> [UInt8] {
    Array("II*\0".utf8) + [8, 0, 0, 0, 1, 0, tag, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
  }

  /// As ImageMagick writes it.
  private func profile(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let digits = content.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
    return Array("\n\(name)\n      \(content.count)\n".utf8)
      + digits.indices.flatMap { Array(digits[$0].utf8) + ($0 % 36 == 35 ? [10] : []) } + [10]
  }

  private func xmp(_ orientation: Int, attribute: Bool = true) -> [UInt8] {
    let value = "tiff:Orientation"
    return Array(
      (attribute
        ? "<rdf:Description xmlns:tiff=\"http://ns.adobe.com/tiff/1.0/\" \(value)=\"\(orientation)\"/>"
        : "<rdf:Description><\(value)>\(orientation)</\(value)></rdf:Description>").utf8)
  }

  /// A row of two pixels: 10 and 20. Orientation 6 makes it a column, 10 above; 8 one with 20 above; 2 a row of 20, 10.
  private func picture(_ chunks: [(name: String, content: [UInt8])]) throws -> [Int] {
    let maker = PNGMaker(width: 2, height: 1, kind: 0, data: [0, 10, 20], extra: chunks)
    let image = try ImageFile.decode(maker.file, name: "made.png")
    return image.sides + [Int(image.bytes[0])]
  }

  private let lying = [2, 1, 10]
  private let sixth = [1, 2, 10]
  private let eighth = [1, 2, 20]

  private func text(_ name: String, _ content: [UInt8]) -> (name: String, content: [UInt8]) {
    ("tEXt", Array(name.utf8) + [0] + content)
  }

  private func packed(_ name: String, _ content: [UInt8]) -> (name: String, content: [UInt8]) {
    ("zTXt", Array(name.utf8) + [0, 0] + PNGMaker.stored(content))
  }

  private func international(_ name: String, _ content: [UInt8], packed: Bool = false) -> (
    name: String, content: [UInt8]
  ) {
    (
      "iTXt",
      Array(name.utf8) + [0, packed ? 1 : 0, 0, 0x65, 0x6E, 0, 0]
        + (packed ? PNGMaker.stored(content) : content)
    )
  }

  @Test("every place of a PNG file that can state one")
  func carriers() throws {
    #expect(try picture([]) == lying)
    #expect(try picture([("eXIf", exif(6))]) == sixth)
    #expect(try picture([("eXIf", Array("Exif\0\0".utf8) + exif(6))]) == sixth)
    for content in [exif(6), Array("Exif\0\0".utf8) + exif(6)] {
      for (name, kind) in [("exif", "exif"), ("APP1", "generic")] {
        let profile = profile(kind, content)
        let key = "Raw profile type \(name)"
        #expect(try picture([text(key, profile)]) == sixth)
        #expect(try picture([packed(key, profile)]) == sixth)
        #expect(try picture([international(key, profile)]) == sixth)
        #expect(try picture([international(key, profile, packed: true)]) == sixth)
      }
    }
    for attribute in [true, false] {
      let key = "XML:com.adobe.xmp"
      #expect(try picture([international(key, xmp(8, attribute: attribute))]) == eighth)
      #expect(try picture([international(key, xmp(8, attribute: attribute), packed: true)]) == eighth)
      let adobe = Array("http://ns.adobe.com/xap/1.0/\0".utf8) + xmp(8, attribute: attribute)
      #expect(try picture([packed("Raw profile type APP1", profile("generic", adobe))]) == eighth)
      #expect(
        try picture([packed("Raw profile type xmp", profile("xmp", xmp(8, attribute: attribute)))]) == eighth)
    }
    #expect(try picture([("tEXt", Array("Comment\0tiff:Orientation=\"6\"".utf8))]) == lying)
  }

  /// Pillow's `exif_transpose`: the chunk, the profile, and XMP where these state none; 1 is stated too.
  @Test("which of several wins")
  func order() throws {
    let packet = international("XML:com.adobe.xmp", xmp(8))
    let raw = text("Raw profile type exif", profile("exif", exif(8)))
    #expect(try picture([packet, raw, ("eXIf", exif(6))]) == sixth)
    #expect(try picture([packet, text("Raw profile type exif", profile("exif", exif(6)))]) == sixth)
    #expect(try picture([packet, ("eXIf", exif(1))]) == lying)
    #expect(try picture([packet, ("eXIf", exif(9))]) == lying)
    #expect(try picture([packet, ("eXIf", exif(6, tag: 0x0F))]) == eighth)
    #expect(try picture([packet, ("eXIf", [1, 2, 3])]) == eighth)
  }

  @Test("XMP is looked for in words, wherever they stand")
  func words() throws {
    func found(_ text: String) throws -> [Int] {
      try picture([international("XML:com.adobe.xmp", Array(text.utf8))])
    }
    #expect(try found("<a tiff:Orientation = '8'/>") == eighth)
    #expect(try found("<tiff:Orientation>\n 8 </tiff:Orientation>") == eighth)
    #expect(try found("</tiff:Orientation> tiff:OrientationOf=\"6\" tiff:Orientation=\"8\"") == eighth)
    for nothing in [
      "", "t", "tiff:Orientation", "tiff:Orientation=", "tiff:Orientation=\"", "tiff:Orientation=8",
      "tiff:Orientation=\"x\"", "tiff:Orientation=\"0\"", "tiff:Orientation=\"9\"",
    ] {
      #expect(try found(nothing) == lying, "\(nothing)")
    }
  }

  /// The fixture's picture is 16x8, and 8x16 with its EXIF of orientation 6.
  @Test("XMP in JPEG, where EXIF states none")
  func jpeg() throws {
    func marked(_ name: String, _ content: [UInt8]) throws -> Image {
      let bytes = try fixture(name)
      let length = content.count + 2
      let marker = [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + content
      return try ImageFile.decode(Array(bytes[..<2]) + marker + bytes[2...], name: name)
    }
    let adobe = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    let upright = try ImageFile.decode(try fixture("colour.jpg"), name: "colour.jpg")
    for attribute in [true, false] {
      let turned = try marked("colour.jpg", adobe + xmp(6, attribute: attribute))
      #expect(turned.sides == [upright.height, upright.width])
      // Lying on its right side: the first row is the first column from below.
      #expect(turned.bytes[0] == upright.bytes[(upright.height - 1) * upright.width * 3])
    }
    #expect(try marked("turned3.jpg", adobe + xmp(6)).sides == [16, 8])
    #expect(try marked("turned1.jpg", adobe + xmp(6)).sides == [16, 8])
    #expect(
      try marked("colour.jpg", Array("http://ns.adobe.com/xmp/extension/\0".utf8) + xmp(6)).sides == [21, 14])
  }

  /// One pixel above another, 10 and 20; 8 bits of grey in one strip.
  @Test("TIFF: its own tag, or else XMP in tag 700")
  func tiff() throws {
    func sides(_ own: Int?, _ packet: [UInt8]?) throws -> [Int] {
      var tags: [TIFFBombs.Entry] = [.init(256, 1), .init(257, 2), .init(258, 8), .init(262, 1)]
      let count = 6 + (own == nil ? 0 : 1) + (packet == nil ? 0 : 1)
      let start = 8 + 2 + 12 * count + 4
      tags.append(.init(273, start))
      if let own { tags.append(.init(274, own, type: 3)) }
      tags.append(.init(279, 2))
      if let packet { tags.append(.init(700, start + 2, type: 1, count: packet.count)) }
      let bytes = TIFFBombs.header(8) + TIFFBombs.directory(tags) + [10, 20] + (packet ?? [])
      let image = try ImageFile.decode(bytes, name: "made.tiff")
      return image.sides + [Int(image.bytes[0])]
    }
    #expect(try sides(nil, nil) == [1, 2, 10])
    // 6 turns to the right: the lower pixel comes first.
    #expect(try sides(6, nil) == [2, 1, 20])
    #expect(try sides(nil, xmp(6)) == [2, 1, 20])
    #expect(try sides(nil, xmp(8, attribute: false)) == [2, 1, 10])
    #expect(try sides(1, xmp(6)) == [1, 2, 10])
    #expect(try sides(0, nil) == [1, 2, 10])
    #expect(try sides(9, nil) == [1, 2, 10])
  }

  @Test(
    "WebP of every kind: the pixels that Pillow sees, turned by EXIF and by XMP",
    arguments: [
      "lossy", "lossless", "alpha", "alpha_lossless", "animation", "turned6", "turned8",
    ])
  func webp(name: String) throws {
    let (found, expected) = (
      try ImageFile.decode(try fixture(name + ".webp"), name: name),
      try ImageFile.decode(try fixture(name + ".webp.expected.png"), name: name)
    )
    #expect(found.sides == expected.sides)
    // The library may be of another version: what is lossy may differ by a level.
    let worst = zip(found.bytes, expected.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 255
    #expect(worst <= (["lossy", "alpha"].contains(name) ? 1 : 0))
  }
}
