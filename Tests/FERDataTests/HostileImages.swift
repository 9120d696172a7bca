import Foundation
import TensorKit

/// A file that somebody might send to break a decoder.
struct HostileImage {
  let name: String
  let bytes: [UInt8]
}

/// Some nine thousand damaged and lying image files, the same each time: cut at every 64th part, bits turned, headers that
/// claim too much, directories that lead in circles, little data that unfold to much.
enum HostileImages {
  private static let jpegs = [
    "halved.jpg", "progressive.jpg", "arithmetic.jpg", "inks.jpg", "restarts.jpg", "turned6.jpg",
  ]
  private static let pngs = ["interlaced.png", "palette.png", "colour16.png", "grey1.png", "turned6.png"]
  private static let tiffs = [
    "packed.tiff", "tiles.tiff", "planes.tiff", "jpeg.tiff", "fax.tiff", "alpha16.tiff", "colour16.tiff",
    "turned6.tiff",
    "big.tiff",
  ]

  static func all() throws -> [HostileImage] {
    var images: [HostileImage] = []
    for name in jpegs + pngs + tiffs {
      let bytes = try fixture(name)
      images += cut(name, bytes) + flipped(name, bytes)
    }
    for name in jpegs { images += lyingJPEGs(name, try fixture(name)) }
    for name in tiffs where name != "big.tiff" { images += lyingTIFFs(name, try fixture(name)) }
    for (name, bytes) in try PeerImages.whole() { images += cut(name, bytes) + flipped(name, bytes) }
    return images + PeerImages.lying() + PeerImages.bombs() + lyingPNGs() + PNGBombs.all + circularTIFFs()
      + TIFFBombs.all + JPEGBombs.all
      + wildEXIF(try fixture("colour.jpg"))
  }

  private static func cut(_ name: String, _ bytes: [UInt8]) -> [HostileImage] {
    (0..<64).map {
      HostileImage(name: "cut-\($0)-\(name)", bytes: Array(bytes.prefix(bytes.count * $0 / 64)))
    }
  }

  /// Half of them in the first 200 bytes, where the headers are.
  private static func flipped(_ name: String, _ bytes: [UInt8]) -> [HostileImage] {
    (0..<30).map { round in
      var random = RandomSource(seed: 11, stream: name, sample: UInt64(round))
      var damaged = bytes
      for _ in 0...random.below(4) {
        let place = random.below(round % 2 == 0 ? bytes.count : min(200, bytes.count))
        damaged[place] ^= 1 << UInt8(random.below(8))
      }
      return HostileImage(name: "flipped-\(round)-\(name)", bytes: damaged)
    }
  }

  private static func lyingPNGs() -> [HostileImage] {
    var images: [HostileImage] = []
    let sides = [0, 1, 32_768, 32_769, 65_535, 0x7FFF_FFFF, 0xFFFF_FFFF]
    for width in sides {
      for height in sides where width > 1 || height > 1 {
        let maker = PNGMaker(width: width, height: height, data: [0, 1, 2, 3])
        images.append(HostileImage(name: "lying-\(width)x\(height).png", bytes: maker.file))
      }
    }
    for depth in [0, 3, 7, 16, 32, 255] as [UInt8] {
      for kind in [0, 1, 2, 3, 4, 5, 6, 7, 255] as [UInt8] {
        let maker = PNGMaker(depth: depth, kind: kind, data: Array(repeating: 0, count: 64))
        images.append(HostileImage(name: "lying-depth\(depth)-kind\(kind).png", bytes: maker.file))
      }
    }
    return images
  }

  /// The size stands in the frame header: FF C0...CF, length, 8, height, width, components.
  private static func lyingJPEGs(_ name: String, _ bytes: [UInt8]) -> [HostileImage] {
    let frames: Set<UInt8> = [0xC0, 0xC1, 0xC2, 0xC9, 0xCA]
    guard
      let frame = bytes.indices.dropLast(10).first(where: {
        bytes[$0] == 0xFF && frames.contains(bytes[$0 + 1])
      })
    else { return [] }
    var images: [HostileImage] = []
    for (height, width) in [
      (0, 21), (14, 0), (65_535, 65_535), (8192, 8192), (1, 32_768), (32_768, 1), (65_500, 16),
    ] {
      var lying = bytes
      let size = [height, width].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
      lying.replaceSubrange(frame + 5..<frame + 9, with: size)
      images.append(HostileImage(name: "lying-\(width)x\(height)-\(name)", bytes: lying))
    }
    for place in frame + 2..<min(frame + 19, bytes.count) {
      for value in [0, 1, 12, 127, 255] as [UInt8] {
        var lying = bytes
        lying[place] = value
        images.append(HostileImage(name: "frame-\(place - frame)-\(value)-\(name)", bytes: lying))
      }
    }
    return images
  }

  /// Each entry of the first directory with a wrong type, count or value.
  private static func lyingTIFFs(_ name: String, _ bytes: [UInt8]) -> [HostileImage] {
    let isBig = bytes[0] == 0x4D
    func number(_ place: Int, _ size: Int) -> Int {
      (0..<size).reduce(0) { $0 << 8 | Int(bytes[isBig ? place + $1 : place + size - 1 - $1]) }
    }
    let directory = number(4, 4)
    var images: [HostileImage] = []
    for entry in 0..<number(directory, 2) {
      let start = directory + 2 + 12 * entry
      for (what, place, size) in [("type", start + 2, 2), ("count", start + 4, 4), ("value", start + 8, 4)] {
        for value in what == "type" ? [0, 12, 18, 65_535] : [0, 1, 65_535, 0x7FFF_FFFF, 0xFFFF_FFFF] {
          var lying = bytes
          for byte in 0..<size {
            lying[isBig ? place + size - 1 - byte : place + byte] = UInt8(value >> (8 * byte) & 0xFF)
          }
          images.append(HostileImage(name: "\(what)-\(number(start, 2))-\(value)-\(name)", bytes: lying))
        }
      }
    }
    return images
  }

  private static func circularTIFFs() -> [HostileImage] {
    let pixel = [
      TIFFBombs.Entry(256, 1), .init(257, 1), .init(258, 8), .init(262, 1), .init(273, 8), .init(279, 1),
    ]
    let size = 2 + 12 * pixel.count + 4
    // Back to itself, to the header, into itself, to the end, beyond it.
    var images = [8, 0, 9, 8 + size, 0x7FFF_FFF0].map { next in
      HostileImage(
        name: "circle-\(next).tiff", bytes: TIFFBombs.header(8) + TIFFBombs.directory(pixel, next: next))
    }
    var chain = TIFFBombs.header(8)
    for number in 1...5000 { chain += TIFFBombs.directory(pixel, next: 8 + number * size) }
    images.append(HostileImage(name: "chain.tiff", bytes: chain))
    for place in [0, 1, 7, 8, 0x7FFF_FFFF, 0xFFFF_FFFF] {
      images.append(HostileImage(name: "first-\(place).tiff", bytes: TIFFBombs.header(place)))
    }
    let below = pixel + [TIFFBombs.Entry(330, 8), .init(34_665, 8)]
    images.append(
      HostileImage(
        name: "below-itself.tiff", bytes: TIFFBombs.header(8) + TIFFBombs.directory(below, next: 8)))
    return images
  }

  /// A picture with EXIF data whose directory lies anywhere, and names anything.
  private static func wildEXIF(_ picture: [UInt8]) -> [HostileImage] {
    var images: [HostileImage] = []
    for order in ["II*\0", "MM\0*", "II+\0", "XX\0\0"] {
      for place in [0, 4, 7, 8, 20, 0x7FFF_FFFF, 0xFFFF_FFFF] {
        for entries in [0, 1, 65_535] {
          let number = { (value: Int, size: Int) -> [UInt8] in
            let bytes = (0..<size).map { UInt8(value >> (8 * $0) & 0xFF) }
            return order.hasPrefix("M") ? bytes.reversed() : bytes
          }
          let block =
            Array("Exif\0\0".utf8) + Array(order.utf8) + number(place, 4) + number(entries, 2)
            + number(0x0112, 2) + number(3, 2) + number(0xFFFF_FFFF, 4) + number(6, 4)
          let length = [UInt8((block.count + 2) >> 8), UInt8((block.count + 2) & 0xFF)]
          let bytes = picture[..<2] + [0xFF, 0xE1] + length + block + picture[2...]
          let kind = order.prefix(2) + (order.contains("+") ? "x" : "")
          images.append(HostileImage(name: "exif-\(kind)-\(place)-\(entries).jpg", bytes: Array(bytes)))
        }
      }
    }
    return images
  }
}
