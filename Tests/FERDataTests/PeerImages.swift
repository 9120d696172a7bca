/// What hostile images of the kinds WebP, GIF, BMP and PNM are made of.
enum PeerImages {
  private static let greys: [[UInt8]] = (0..<256).map { Array(repeating: UInt8($0), count: 3) }
  private static let runs: [UInt8] = [
    3, 4, 5, 6, 0, 3, 0x45, 0x56, 0x67, 0, 2, 0x78, 0, 2, 5, 1, 2, 0x78, 0, 0, 9, 0x1E, 0, 1,
  ]

  private static var bitmaps: [(String, BitmapMaker)] {
    let data: [UInt8] = (0..<240).map { UInt8($0) }
    return [
      ("24.bmp", BitmapMaker(width: 9, height: 7, data: data)),
      ("8.bmp", BitmapMaker(width: 9, height: 7, bits: 8, palette: greys, data: data)),
      (
        "1.bmp",
        BitmapMaker(width: 37, height: -5, bits: 1, header: 12, palette: Array(greys[..<2]), data: data)
      ),
      (
        "fields.bmp",
        BitmapMaker(
          width: 9, height: 7, bits: 16, header: 108, compression: 3, masks: [0xF800, 0x7E0, 0x1F, 0],
          data: data)
      ),
      ("runs8.bmp", BitmapMaker(width: 27, height: 3, bits: 8, compression: 1, palette: greys, data: runs)),
      (
        "runs4.bmp",
        BitmapMaker(width: 27, height: 3, bits: 4, compression: 2, palette: Array(greys[..<16]), data: runs)
      ),
      ("bare.dib", BitmapMaker(width: 9, height: 7, hasFileHeader: false, data: data)),
    ]
  }

  private static var anymaps: [(String, [UInt8])] {
    let values = (0..<126).map { UInt8($0) }
    let written = values.map { "\($0)" }.joined(separator: " ")
    return [
      ("1.pbm", Array("P1 # plain\n9 7\n\(String(repeating: "10 011", count: 13))".utf8)),
      ("2.pgm", Array("P2\n9 7\n255\n\(written)".utf8)), ("3.ppm", Array("P3 7 6 126\n\(written)".utf8)),
      ("4.pbm", Array("P4\n60 15\n".utf8) + values), ("5.pgm", Array("P5\n9 7\n1000\n".utf8) + values),
      ("6.ppm", Array("P6\n# bytes\n7 6\n255\n".utf8) + values),
      ("7.pam", Array("P7\nWIDTH 7\nHEIGHT 6\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n".utf8) + values),
    ]
  }

  private static let gif = GIFMaker(
    canvas: [9, 9], frame: [1, 2, 5, 6], palette: Array(greys[..<8]), ownPalette: Array(greys[8..<16]),
    transparent: 3,
    interlaced: true, pixels: (0..<30).map { $0 % 8 })

  /// Whole files, by name.
  static func whole() throws -> [(name: String, bytes: [UInt8])] {
    let fixtures = [
      "lossy.webp", "lossless.webp", "alpha.webp", "animation.webp", "turned8.webp", "palette.gif",
      "animation.gif",
    ]
    return try fixtures.map { ($0, try fixture($0)) } + bitmaps.map { ($0.0, $0.1.file) } + anymaps
      + [("made.gif", gif.file)]
  }

  /// Files that state sizes and numbers which they do not have.
  static func lying() -> [HostileImage] {
    var images: [HostileImage] = []
    let extremes = [0, 1, 2, 12, 255, 32_768, 65_535, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]
    for (name, maker) in bitmaps {
      let bytes = maker.file
      // Each field of both headers.
      for place in stride(from: 2, to: min(bytes.count - 4, 70), by: 2) {
        for value in extremes {
          var lying = bytes
          for byte in 0..<4 { lying[place + byte] = UInt8(value >> (8 * byte) & 0xFF) }
          images.append(HostileImage(name: "field-\(place)-\(value)-\(name)", bytes: lying))
        }
      }
    }
    for kind in 1...6 {
      for width in extremes {
        for height in extremes {
          let header = "P\(kind)\n\(width) \(height)\n\([1, 4].contains(kind) ? "" : "65535\n")1 1 1 1 1 1"
          images.append(HostileImage(name: "lying-\(width)x\(height)-\(kind).pnm", bytes: Array(header.utf8)))
        }
      }
    }
    for value in extremes + [-1, 1_000_000_000_000_000_000] {
      for key in ["WIDTH", "HEIGHT", "DEPTH", "MAXVAL"] {
        let header = "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\n\(key) \(value)\nENDHDR\n123456789"
        images.append(HostileImage(name: "lying-\(key)-\(value).pam", bytes: Array(header.utf8)))
      }
    }
    for canvas in [0, 1, 8192, 32_769, 65_535] {
      for place in [0, 1, 8191, 65_535] {
        for side in [0, 1, 8192, 65_535] {
          var maker = gif
          (maker.canvas, maker.frame) = ([canvas, canvas], [place, place, side, side])
          images.append(HostileImage(name: "lying-\(canvas)-\(place)-\(side).gif", bytes: maker.file))
        }
      }
    }
    return images
  }

  /// Little data that unfold to much.
  static func bombs() -> [HostileImage] {
    let black = Array(greys[..<2])
    var empty = GIFMaker(
      canvas: [8192, 8192], frame: [0, 0, 1, 1], palette: Array(greys[..<8]), pixels: [1])
    let blocks = Array(repeating: [0x21, 0xFE, 1, 0x41, 0] as [UInt8], count: 100_000).flatMap { $0 }
    let start = empty.file.count - 16
    let comments = Array(empty.file[..<start]) + blocks + empty.file[start...]
    empty.canvas = [65_535, 1]
    return [
      HostileImage(
        name: "bomb-runs.bmp",
        bytes: BitmapMaker(
          width: 2048, height: 2048, bits: 8, compression: 1, palette: black, colours: 2, data: [0, 1]
        ).file),
      HostileImage(
        name: "bomb-steps.bmp",
        bytes: BitmapMaker(
          width: 32_768, height: 64, bits: 8, compression: 1, palette: black, colours: 2,
          data: Array(repeating: [0, 2, 255, 0] as [UInt8], count: 10_000).flatMap { $0 } + [0, 1]
        ).file),
      HostileImage(
        name: "bomb-canvas.gif",
        bytes: GIFMaker(canvas: [8192, 8192], frame: [0, 0, 1, 1], palette: Array(greys[..<8]), pixels: [1])
          .file),
      HostileImage(name: "bomb-comments.gif", bytes: comments),
      HostileImage(name: "bomb-wide.gif", bytes: empty.file),
      HostileImage(
        name: "bomb-comment.ppm",
        bytes: Array("P6 #".utf8) + Array(repeating: 0x23, count: 4 << 20) + Array("\n1 1 255\nabc".utf8)),
      HostileImage(
        name: "bomb-digits.pgm", bytes: Array("P2 1 1 255 ".utf8) + Array(repeating: 0x31, count: 4 << 20)),
    ]
  }
}
