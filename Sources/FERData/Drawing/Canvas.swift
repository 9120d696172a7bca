import FERCore

/// A picture to draw on: rectangles, images and text, with smooth edges.
///
/// Places and lengths are in points from the top left corner; each point is `scale` pixels wide, so that a picture
/// stays sharp on screens that put several pixels into one. What lies outside is cut off.
package struct Canvas {
  /// A colour of eight-bit red, green and blue.
  package struct Colour: Sendable, Equatable {
    let red, green, blue: Float

    /// From the usual notation: 0x0072b2.
    package init(_ code: UInt32) {
      (red, green, blue) = (Float(code >> 16 & 255), Float(code >> 8 & 255), Float(code & 255))
    }

    private init(red: Float, green: Float, blue: Float) {
      (self.red, self.green, self.blue) = (red, green, blue)
    }

    /// This colour mixed with white: 0 stays, 1 is white.
    package func lightened(by share: Float) -> Colour {
      let mixed = { (value: Float) in value + (255 - value) * share }
      return Colour(red: mixed(red), green: mixed(green), blue: mixed(blue))
    }
  }

  /// A rectangle.
  package struct Box: Sendable, Equatable {
    /// The left edge.
    package var x: Double
    /// The upper edge.
    package var y: Double
    package var width: Double
    package var height: Double

    /// A rectangle by its upper left corner and size.
    package init(x: Double, y: Double, width: Double, height: Double) {
      (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    /// The right edge.
    package var right: Double { x + width }
    /// The lower edge.
    package var bottom: Double { y + height }

    /// The box made smaller by a margin on all sides.
    package func inset(_ margin: Double) -> Box {
      Box(
        x: x + margin, y: y + margin, width: max(0, width - 2 * margin), height: max(0, height - 2 * margin))
    }
  }

  /// Width in points.
  package let width: Double
  /// Height in points.
  package let height: Double
  /// Pixels a point.
  package let scale: Double
  /// Width in pixels.
  package let pixelWidth: Int
  /// Height in pixels.
  package let pixelHeight: Int
  private var pixels: [UInt8]

  /// An even surface; at least one pixel.
  package init(width: Double, height: Double, scale: Double = 2, background: Colour = Colour(0xffffff)) {
    (self.width, self.height, self.scale) = (width, height, scale)
    pixelWidth = max(1, Int((width * scale).rounded(.up)))
    pixelHeight = max(1, Int((height * scale).rounded(.up)))
    let colour = [UInt8(background.red), UInt8(background.green), UInt8(background.blue)]
    pixels = [UInt8](unsafeUninitializedCapacity: pixelWidth * pixelHeight * 3) { buffer, count in
      count = buffer.count
      for index in buffer.indices { buffer[index] = colour[index % 3] }
    }
  }

  /// What has been drawn.
  package var image: Image { Image(width: pixelWidth, height: pixelHeight, eightBit: pixels) }

  /// Fills a rectangle; with a radius its corners are round.
  package mutating func fill(_ box: Box, _ colour: Colour, radius: Double = 0) {
    guard box.width > 0, box.height > 0 else { return }
    let (half, centre) = (
      (x: box.width * scale / 2, y: box.height * scale / 2),
      (x: (box.x + box.width / 2) * scale, y: (box.y + box.height / 2) * scale)
    )
    let radius = min(radius * scale, half.x, half.y)
    paint(box, colour) { x, y in
      if radius == 0 {
        // The share of the pixel that is covered: exact also for bars thinner than a pixel.
        let across = min(x + 0.5, centre.x + half.x) - max(x - 0.5, centre.x - half.x)
        let down = min(y + 0.5, centre.y + half.y) - max(y - 0.5, centre.y - half.y)
        return max(0, across) * max(0, down)
      }
      let (dx, dy) = (abs(x - centre.x) - half.x + radius, abs(y - centre.y) - half.y + radius)
      let outside = (max(dx, 0) * max(dx, 0) + max(dy, 0) * max(dy, 0)).squareRoot()
      return 0.5 - (outside + min(max(dx, dy), 0) - radius)
    }
  }

  /// A frame along the inside of a rectangle's edge, `line` thick.
  package mutating func frame(_ box: Box, _ colour: Colour, line: Double = 1) {
    fill(Box(x: box.x, y: box.y, width: box.width, height: line), colour)
    fill(Box(x: box.x, y: box.bottom - line, width: box.width, height: line), colour)
    fill(Box(x: box.x, y: box.y + line, width: line, height: box.height - 2 * line), colour)
    fill(Box(x: box.right - line, y: box.y + line, width: line, height: box.height - 2 * line), colour)
  }

  /// Draws an image as large as it fits into a rectangle, in its own proportions, in the middle. Whole pixels become
  /// squares where `crisp` says so, otherwise they flow into one another.
  package mutating func draw(_ picture: Image, in box: Box, crisp: Bool = false) {
    guard picture.width > 0, picture.height > 0, box.width > 0, box.height > 0 else { return }
    let ratio = min(box.width / Double(picture.width), box.height / Double(picture.height)) * scale
    let newWidth = max(1, Int((Double(picture.width) * ratio).rounded()))
    let newHeight = max(1, Int((Double(picture.height) * ratio).rounded()))
    let left = Int((box.x * scale + (box.width * scale - Double(newWidth)) / 2).rounded())
    let top = Int((box.y * scale + (box.height * scale - Double(newHeight)) / 2).rounded())
    let bytes =
      crisp ? picture.bytes : picture.resized(width: newWidth, height: newHeight, antialias: true).bytes
    let line = crisp ? picture.width : newWidth
    for y in max(0, -top)..<max(0, -top, min(newHeight, pixelHeight - top)) {
      for x in max(0, -left)..<max(0, -left, min(newWidth, pixelWidth - left)) {
        let from =
          crisp
          ? (y * picture.height / newHeight * line + x * picture.width / newWidth) * 3 : (y * line + x) * 3
        let to = ((top + y) * pixelWidth + left + x) * 3
        for channel in 0..<3 { pixels[to + channel] = bytes[from + channel] }
      }
    }
  }

  /// Blends a colour in, by the share of each pixel (given by its centre) that is covered.
  mutating func paint(_ box: Box, _ colour: Colour, coverage: (Double, Double) -> Double) {
    let left = Self.pixel(box.x * scale - 1, within: pixelWidth)
    let right = Self.pixel((box.x + box.width) * scale + 2, within: pixelWidth)
    let top = Self.pixel(box.y * scale - 1, within: pixelHeight)
    let bottom = Self.pixel((box.y + box.height) * scale + 2, within: pixelHeight)
    guard left < right, top < bottom else { return }
    let line = pixelWidth
    pixels.withUnsafeMutableBufferPointer { pixels in
      for y in top..<bottom {
        for x in left..<right {
          let share = Float(min(1, coverage(Double(x) + 0.5, Double(y) + 0.5)))
          guard share > 0 else { continue }
          let at = (y * line + x) * 3
          pixels[at] = Self.mixed(pixels[at], colour.red, share)
          pixels[at + 1] = Self.mixed(pixels[at + 1], colour.green, share)
          pixels[at + 2] = Self.mixed(pixels[at + 2], colour.blue, share)
        }
      }
    }
  }

  private static func pixel(_ place: Double, within count: Int) -> Int {
    place.isFinite ? Int(max(0, min(Double(count), place))) : 0
  }

  private static func mixed(_ below: UInt8, _ above: Float, _ share: Float) -> UInt8 {
    UInt8(Float(below) + (above - Float(below)) * share + 0.5)
  }
}
