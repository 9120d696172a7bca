import FERCore

/// Where a face is in its picture, in pixels.
struct FaceBox: Sendable, Equatable {
  let x: Int
  let y: Int
  let width: Int
  let height: Int

  /// Left, top, width and height; nil where one is missing or the box holds no pixel.
  init?(_ values: [Int?]) {
    let known = values.compactMap { $0 }
    guard known.count == 4, known.allSatisfy({ (-(1 << 30)..<1 << 30).contains($0) }), known[2] > 0,
      known[3] > 0
    else { return nil }
    (x, y, width, height) = (known[0], known[1], known[2], known[3])
  }

  /// The part of the picture that lies in the box; nil where none does.
  func cut(from image: Image) -> Image? {
    let (left, top) = (max(0, x), max(0, y))
    let (right, bottom) = (min(image.width, x + width), min(image.height, y + height))
    guard left < right, top < bottom else { return nil }
    return image.cropped(x: left, y: top, width: right - left, height: bottom - top)
  }
}
