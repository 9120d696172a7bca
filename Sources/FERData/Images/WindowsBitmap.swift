import FERCore

/// Bitmaps of Windows and OS/2 (BMP, DIB): 1, 2, 4, 8, 16, 24 and 32 bits, bit fields, runs (RLE4, RLE8), rows from below
/// or from above, with every header from OS/2's of 12 bytes to Windows' of 124.
///
///     "BM", size, 0, where the pixels are | header | masks | palette | rows, each padded to four bytes
///
/// Transparency is dropped. A colour of n bits becomes v · 255 / (2ⁿ − 1), rounded down as by Pillow.
struct WindowsBitmap {
  /// How the pixels are stored.
  enum Packing { case plain, runs, masked }

  let name: String
  let bytes: [UInt8]
  let width: Int
  let height: Int
  let bits: Int
  let packing: Packing
  private let isTopDown: Bool
  /// Where the pixels begin.
  let start: Int
  /// Three bytes for each of 256 entries; black beyond the last.
  private let palette: [UInt8]
  /// Red, green and blue.
  private let channels: [Channel]

  /// A colour's part of a pixel.
  private struct Channel {
    let mask: UInt32
    private let shift: UInt32
    private let most: UInt64

    init(mask: UInt32) {
      self.mask = mask
      shift = mask == 0 ? 0 : UInt32(mask.trailingZeroBitCount)
      most = max(1, UInt64(mask >> shift))
    }

    func value(in pixel: UInt32) -> UInt8 { UInt8(UInt64((pixel & mask) >> shift) * 255 / most) }
  }

  /// Decodes a file's content; `name` is what problems call it.
  /// - Throws: a ``DataProblem``.
  static func decode(_ bytes: [UInt8], name: String, limits: ImageFile.Limits) throws(DataProblem) -> Image {
    try WindowsBitmap(bytes, name: name, limits: limits).image()
  }

  /// Reads what stands before the pixels.
  private init(_ bytes: [UInt8], name: String, limits: ImageFile.Limits) throws(DataProblem) {
    (self.name, self.bytes) = (name, bytes)
    let cut = Self.cutOff(name)
    func number(_ place: Int, _ size: Int) -> Int {
      place + size <= bytes.count ? (0..<size).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } : 0
    }
    let hasFileHeader = bytes.starts(with: "BM".utf8)
    let header = hasFileHeader ? 14 : 0
    let size = number(header, 4)
    guard size == 12 || (16...64).contains(size) || size == 108 || size == 124 else {
      throw DataProblem(
        name, "is a BMP file with a header of \(size) bytes; 12, 16 to 64, 108 and 124 are read")
    }
    guard header + size <= bytes.count else { throw cut }
    // A field that a short header does not have is 0.
    func field(_ place: Int, _ length: Int) -> Int { place < size ? number(header + place, length) : 0 }

    let isOldest = size == 12
    let tall = Int(Int32(truncatingIfNeeded: field(8, 4)))
    width = isOldest ? field(4, 2) : field(4, 4)
    height = isOldest ? field(6, 2) : Int(tall.magnitude)
    isTopDown = !isOldest && tall < 0
    bits = isOldest ? field(10, 2) : field(14, 2)
    if let problem = limits.problem(width: width, height: height) { throw DataProblem(name, problem) }

    let compression = isOldest ? 0 : field(16, 4)
    let isWindows = [40, 52, 56, 108, 124].contains(size)
    packing = try Self.packing(compression, bits: bits, isWindows: isWindows, name: name)

    // Behind the shortest of Windows' headers the masks stand alone, in the longer ones at the same place.
    let masksBehind = packing == .masked && size == 40 ? (compression == 6 ? 16 : 12) : 0
    guard packing != .masked || header + 52 <= bytes.count else { throw cut }
    var masks = packing == .masked ? (0..<3).map { UInt32(number(header + 40 + 4 * $0, 4)) } : [0, 0, 0]
    if masks.allSatisfy({ $0 == 0 }) {
      masks = bits == 16 ? [0x7C00, 0x3E0, 0x1F] : [0xFF_0000, 0xFF00, 0xFF]
    }
    channels = masks.map { Channel(mask: $0) }

    let entry = isOldest ? 3 : 4
    let stated = isOldest ? 0 : field(32, 4)
    let count = stated > 0 ? stated : bits <= 8 ? 1 << bits : 0
    let colours = header + size + masksBehind
    var palette = [UInt8](repeating: 0, count: 768)
    if bits <= 8 {
      for index in 0..<min(count, 256) where colours + index * entry + 3 <= bytes.count {
        for channel in 0..<3 { palette[3 * index + channel] = bytes[colours + index * entry + 2 - channel] }
      }
    }
    self.palette = palette
    // Some programs forget the palette where they say where the pixels are.
    let place = hasFileHeader ? number(10, 4) : 0
    let forgetsPalette = bits <= 8 && place == header + size
    start = place == 0 || forgetsPalette ? colours + count * entry : place
  }

  private static func packing(
    _ compression: Int, bits: Int, isWindows: Bool, name: String
  ) throws(DataProblem) -> Packing {
    func refusal(_ what: String) -> DataProblem {
      DataProblem(name, "is a BMP file \(what); convert it to PNG")
    }
    switch (compression, isWindows) {
    case (0, _):
      guard [1, 2, 4, 8, 16, 24, 32].contains(bits) else {
        throw refusal("of \(bits) bits a pixel; 1, 2, 4, 8, 16, 24 and 32 are read")
      }
      return .plain
    case (1, _), (2, _):
      guard bits == (compression == 1 ? 8 : 4) else {
        throw refusal("of RLE\(compression == 1 ? 8 : 4) with \(bits) bits a pixel")
      }
      return .runs
    case (3, true), (6, true):
      guard [16, 24, 32].contains(bits) else {
        throw refusal("of bit fields with \(bits) bits a pixel; 16, 24 and 32 are read")
      }
      return .masked
    case (3, false): throw refusal("of OS/2's Huffman coding")
    case (4, false): throw refusal("of OS/2's RLE24")
    case (4, true): throw refusal("with a JPEG file inside")
    case (5, true): throw refusal("with a PNG file inside")
    default: throw refusal("of an unknown compression, number \(compression)")
    }
  }

  private static func cutOff(_ name: String) -> DataProblem {
    DataProblem(name, "is cut off: the BMP data end before the picture does")
  }

  /// The bytes of a row of the picture, of which the file may hold any.
  private func targetRow(_ row: Int) -> Int { (isTopDown ? row : height - 1 - row) * width * 3 }

  private func image() throws(DataProblem) -> Image {
    let pixels =
      switch packing {
      case .runs: colours(try indices())
      case .plain, .masked: try rows()
      }
    return Image(width: width, height: height, eightBit: pixels)
  }

  /// Colours for a palette's indices, stored row by row.
  private func colours(_ indices: [UInt8]) -> [UInt8] {
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    for row in 0..<height {
      var target = targetRow(row)
      for index in indices[row * width..<(row + 1) * width] {
        copyColour(index, to: &pixels, at: target)
        target += 3
      }
    }
    return pixels
  }

  private func copyColour(_ index: UInt8, to pixels: inout [UInt8], at target: Int) {
    let place = 3 * Int(index)
    pixels[target] = palette[place]
    pixels[target + 1] = palette[place + 1]
    pixels[target + 2] = palette[place + 2]
  }

  /// The pixels of rows of equal length. Only the last may lack its padding.
  private func rows() throws(DataProblem) -> [UInt8] {
    let stride = (width * bits + 31) / 32 * 4
    let needed = stride * (height - 1) + (width * bits + 7) / 8
    guard start <= bytes.count, bytes.count - start >= needed else { throw Self.cutOff(name) }
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    for row in 0..<height {
      let source = start + row * stride
      let target = targetRow(row)
      if bits <= 8 {
        let mask = UInt8(truncatingIfNeeded: (1 << bits) - 1)
        for x in 0..<width {
          let place = x * bits
          let index = bytes[source + place / 8] >> UInt8(8 - bits - place % 8) & mask
          copyColour(index, to: &pixels, at: target + 3 * x)
        }
      } else {
        let size = bits / 8
        for x in 0..<width {
          var pixel: UInt32 = 0
          for byte in 0..<size { pixel |= UInt32(bytes[source + x * size + byte]) << UInt32(8 * byte) }
          for channel in 0..<3 { pixels[target + 3 * x + channel] = channels[channel].value(in: pixel) }
        }
      }
    }
    return pixels
  }
}

extension WindowsBitmap {
  /// The palette's indices of a picture stored in runs, row by row as they are stored; 0 where the file leaves a pixel
  /// out.
  ///
  ///     n v: n pixels of v (RLE4: of its two halves in turn)    0 0: end of row    0 1: end of picture
  ///     0 2 right up: on to another place                       0 n ...: n pixels as they are, padded to two bytes
  private func indices() throws(DataProblem) -> [UInt8] {
    var indices = [UInt8](repeating: 0, count: width * height)
    var (x, y, at) = (0, 0, start)
    func put(_ index: UInt8) {
      // What a run has beyond the row's end is left out.
      if x < width { indices[y * width + x] = index }
      x += 1
    }
    while y < height {
      guard at + 1 < bytes.count else {
        guard y == height - 1, x >= width else { throw Self.cutOff(name) }
        break
      }
      let (count, value) = (Int(bytes[at]), bytes[at + 1])
      at += 2
      switch (count, value) {
      case (1..., _):
        for pixel in 0..<count { put(bits == 8 ? value : pixel % 2 == 0 ? value >> 4 : value & 15) }
      case (_, 0): (x, y) = (0, y + 1)
      case (_, 1): return indices
      case (_, 2):
        guard at + 1 < bytes.count else { throw Self.cutOff(name) }
        (x, y) = (x + Int(bytes[at]), y + Int(bytes[at + 1]))
        at += 2
      default:
        let length = (Int(value) * bits + 7) / 8
        guard bytes.count - at >= length else { throw Self.cutOff(name) }
        for pixel in 0..<Int(value) {
          let byte = bytes[at + pixel * bits / 8]
          put(bits == 8 ? byte : pixel % 2 == 0 ? byte >> 4 : byte & 15)
        }
        at += length + length % 2
      }
    }
    return indices
  }
}
