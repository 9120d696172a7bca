import FERCore

/// What is kept of an image to find it again: exactly, and after it was saved, resized, lit or mirrored anew.
package struct ImageFingerprint: Sendable {
  /// The image's size in pixels.
  package let width: Int
  package let height: Int
  /// Whether red, green and blue are the same everywhere.
  package let isGrey: Bool
  /// Whether the image shows one even surface: less than a grey level and a half of deviation.
  package var isBlank: Bool { deviation < 1.5 }

  /// The same for the same pixels, and (but for one chance in 2^64) for no others.
  let content: Content
  /// One bit for each of 8x8 places: whether the image is lighter to the right of it.
  let outline: UInt64
  /// The same of the image with left and right swapped.
  let mirroredOutline: UInt64
  /// The image in grey, 24 x 24 values.
  let thumbnail: [UInt8]
  private let mean: Float
  private let deviation: Float

  /// Two halves of a hash of size and pixels.
  struct Content: Hashable, Sendable {
    let low: UInt64
    let high: UInt64
  }

  static let side = 24

  /// Looks at a decoded image.
  package init(_ image: Image) {
    let bytes = image.bytes
    (width, height) = (image.width, image.height)
    content = Self.content(bytes, image.width, image.height)
    isGrey = stride(from: 0, to: bytes.count - 2, by: 3).allSatisfy { (place: Int) -> Bool in
      bytes[place] == bytes[place + 1] && bytes[place] == bytes[place + 2]
    }
    let small = Self.greys(image, Self.side, Self.side)
    // What is not a number becomes 0.
    thumbnail = small.map { $0 >= 254.5 ? 255 : $0 > 0 ? UInt8($0 + 0.5) : 0 }
    var (sum, squares) = (0, 0)
    for value in thumbnail { (sum, squares) = (sum + Int(value), squares + Int(value) * Int(value)) }
    let count = Float(thumbnail.count)
    mean = Float(sum) / count
    deviation = max(0, Float(squares) / count - mean * mean).squareRoot()
    let places = Self.greys(image, 9, 8)
    outline = Self.outline(places)
    mirroredOutline = Self.outline((0..<8).flatMap { places[$0 * 9..<$0 * 9 + 9].reversed() })
  }

  /// Whether the other image shows the same picture, but for saving, size and lighting.
  ///
  /// Both thumbnails are brought to mean 0 and deviation 1. They must go together over all (correlation of at least
  /// 0.985), and in none of 4x4 parts may their mean squared difference go beyond a tenth: a face with another mouth
  /// differs little as a whole, and much at the mouth. Measured on FER2013: images saved as JPEG of quality 40, shrunk to
  /// 2/3 or made noisy stay above 0.996 and below 0.015. Faces are nearly symmetric, so mirror images must agree better.
  func showsSame(as other: ImageFingerprint, mirrored: Bool) -> Bool {
    guard !isBlank, !other.isBlank else { return false }
    let (side, part) = (Self.side, Self.side / 4)
    var (together, worst): (Float, Float) = (0, 0)
    for top in stride(from: 0, to: side, by: part) {
      for left in stride(from: 0, to: side, by: part) {
        var difference: Float = 0
        for y in top..<top + part {
          for x in left..<left + part {
            let mine = (Float(thumbnail[y * side + x]) - mean) / deviation
            let place = y * side + (mirrored ? side - 1 - x : x)
            let theirs = (Float(other.thumbnail[place]) - other.mean) / other.deviation
            together += mine * theirs
            difference += (mine - theirs) * (mine - theirs)
          }
        }
        worst = max(worst, difference / Float(part * part))
      }
    }
    return together >= (mirrored ? 0.99 : 0.985) * Float(side * side) && worst <= (mirrored ? 0.05 : 0.1)
  }

  private static func greys(_ image: Image, _ width: Int, _ height: Int) -> [Float] {
    let pixels = image.resized(width: width, height: height, antialias: true).pixels
    // ITU-R BT.601, in levels of 0...255.
    return (0..<width * height).map { place -> Float in
      let (red, green, blue) = (pixels[3 * place], pixels[3 * place + 1], pixels[3 * place + 2])
      return 76.245 * red + 149.685 * green + 29.07 * blue
    }
  }

  /// The signs of the steps from each of 9 columns to the next, in 8 rows.
  private static func outline(_ places: [Float]) -> UInt64 {
    var bits: UInt64 = 0
    for y in 0..<8 {
      for x in 0..<8 { bits = bits << 1 | (places[y * 9 + x + 1] > places[y * 9 + x] ? 1 : 0) }
    }
    return bits
  }

  private static func content(_ bytes: [UInt8], _ width: Int, _ height: Int) -> Content {
    var (low, high) = (
      UInt64(truncatingIfNeeded: width) &* 0x9E37_79B9_7F4A_7C15, UInt64(truncatingIfNeeded: height)
    )
    bytes.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: 8) {
        var word: UInt64 = 0
        if start + 8 <= bytes.count {
          word = bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)
        } else {
          for index in start..<bytes.count { word = word << 8 | UInt64(bytes[index]) }
        }
        low = (low ^ word) &* 0xff51_afd7_ed55_8ccd
        low ^= low >> 32
        high = (high &+ word ^ low) &* 0xc4ce_b9fe_1a85_ec53
        high ^= high >> 29
      }
    }
    return Content(low: low, high: high)
  }
}
