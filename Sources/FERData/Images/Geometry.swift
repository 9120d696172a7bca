import FERCore
import Foundation

/// What lies outside an image.
public enum ImageBorder: String, Sendable, CaseIterable {
  /// The nearest pixel of the border.
  case edge
  /// The image mirrored at its border pixels, as `reflect` in NumPy.
  case reflect
  /// Black.
  case zero

  /// The pixel to take for position `index` on a side of `count` pixels; nil for black.
  func source(_ index: Int, _ count: Int) -> Int? {
    if index >= 0 && index < count { return index }
    switch self {
    case .zero: return nil
    case .edge: return min(max(index, 0), count - 1)
    case .reflect:
      guard count > 1 else { return 0 }
      let period = 2 * (count - 1)
      let offset = ((index % period) + period) % period
      return offset < count ? offset : period - offset
    }
  }
}

/// A map of the plane: (x, y) goes to (a·x + b·y + c, d·x + e·y + f).
public struct PlaneMap: Sendable, Equatable {
  /// The six numbers, as in the formula above.
  public var a: Float, b: Float, c: Float, d: Float, e: Float, f: Float

  /// The map of these six numbers.
  public init(_ a: Float, _ b: Float, _ c: Float, _ d: Float, _ e: Float, _ f: Float) {
    (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
  }

  /// A turn about the origin; positive is counter-clockwise as seen in the image.
  public static func rotation(degrees: Float) -> PlaneMap {
    let angle = degrees * .pi / 180
    return PlaneMap(cos(angle), sin(angle), 0, -sin(angle), cos(angle), 0)
  }

  /// First `inner`, then this one.
  public func after(_ inner: PlaneMap) -> PlaneMap {
    PlaneMap(
      a * inner.a + b * inner.d, a * inner.b + b * inner.e, a * inner.c + b * inner.f + c,
      d * inner.a + e * inner.d, d * inner.b + e * inner.e, d * inner.c + e * inner.f + f)
  }

  /// The map back; nil where there is none.
  public var inverse: PlaneMap? {
    let determinant = a * e - b * d
    guard determinant.isFinite, abs(determinant) > 1e-12 else { return nil }
    let (p, q, r, s) = (e / determinant, -b / determinant, -d / determinant, a / determinant)
    return PlaneMap(p, q, -(p * c + q * f), r, s, -(r * c + s * f))
  }
}

extension Image {
  /// A rectangle of the image; what lies outside is made up as `border` says.
  public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int, border: ImageBorder = .edge)
    -> Image
  {
    let (newWidth, newHeight) = (max(0, newWidth), max(0, newHeight))
    guard width > 0, height > 0 else { return Image(width: newWidth, height: newHeight, colour: [0, 0, 0]) }
    let columns = (0..<newWidth).map { border.source(x + $0, width) }
    let isInside = x >= 0 && x + newWidth <= width
    let result = [Float](unsafeUninitializedCapacity: newWidth * newHeight * 3) { target, count in
      target.initialize(repeating: 0)
      pixels.withUnsafeBufferPointer { source in
        for row in 0..<newHeight {
          guard let from = border.source(y + row, height) else { continue }
          let line = UnsafeMutableBufferPointer(rebasing: target[row * newWidth * 3..<(row + 1) * newWidth * 3])
          if isInside {
            let start = (from * width + x) * 3
            for index in 0..<newWidth * 3 { line[index] = source[start + index] }
            continue
          }
          for column in 0..<newWidth {
            guard let pixel = columns[column] else { continue }
            for channel in 0..<3 { line[column * 3 + channel] = source[(from * width + pixel) * 3 + channel] }
          }
        }
      }
      count = newWidth * newHeight * 3
    }
    return Image(width: newWidth, height: newHeight, pixels: result)
  }

  /// Swaps left and right.
  public mutating func flip() {
    let width = width
    let height = height
    pixels.withUnsafeMutableBufferPointer { pixels in
      for y in 0..<height {
        var (left, right) = (y * width * 3, ((y + 1) * width - 1) * 3)
        while left < right {
          for channel in 0..<3 { pixels.swapAt(left + channel, right + channel) }
          left += 3
          right -= 3
        }
      }
    }
  }

  /// The image turned about its centre, in its old frame; positive is counter-clockwise.
  public func rotated(degrees: Float, border: ImageBorder = .zero) -> Image {
    // Where an output pixel comes from is the turn the other way.
    warped(by: .rotation(degrees: -degrees), border: border)
  }

  /// The image in its old frame, each pixel taken from where `map` sends it; both in pixels from the centre.
  /// Positions between pixels are mixed bilinearly.
  public func warped(by map: PlaneMap, border: ImageBorder) -> Image {
    guard width > 0, height > 0 else { return self }
    var result = self
    let (centreX, centreY) = (Float(width - 1) / 2, Float(height - 1) / 2)
    result.pixels.withUnsafeMutableBufferPointer { target in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          let v = Float(y) - centreY
          for x in 0..<width {
            let u = Float(x) - centreX
            let fromX = map.a * u + map.b * v + map.c + centreX
            let fromY = map.d * u + map.e * v + map.f + centreY
            let to = (y * width + x) * 3
            mixed(source, fromX, fromY, border, target, to)
          }
        }
      }
    }
    return result
  }

  /// Writes the colour at (x, y) to `target`.
  @inline(__always)
  private func mixed(
    _ source: UnsafeBufferPointer<Float>, _ x: Float, _ y: Float, _ border: ImageBorder,
    _ target: UnsafeMutableBufferPointer<Float>, _ to: Int
  ) {
    // Far outside, and for what is not a number, the position itself would not fit into an integer.
    guard abs(x) < 1e6, abs(y) < 1e6 else {
      for channel in 0..<3 { target[to + channel] = 0 }
      return
    }
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (column, row) = (Int(left), Int(top))
    let (shareX, shareY) = (x - left, y - top)
    if column >= 0, row >= 0, column + 1 < width, row + 1 < height {
      let upper = (row * width + column) * 3
      let lower = upper + width * 3
      for channel in 0..<3 {
        let above = source[upper + channel] + shareX * (source[upper + 3 + channel] - source[upper + channel])
        let below = source[lower + channel] + shareX * (source[lower + 3 + channel] - source[lower + channel])
        target[to + channel] = above + shareY * (below - above)
      }
      return
    }
    var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
    for (dy, weightY) in [(0, 1 - shareY), (1, shareY)] {
      guard weightY > 0, let from = border.source(row + dy, height) else { continue }
      for (dx, weightX) in [(0, 1 - shareX), (1, shareX)] {
        guard weightX > 0, let pixel = border.source(column + dx, width) else { continue }
        let at = (from * width + pixel) * 3
        red += weightX * weightY * source[at]
        green += weightX * weightY * source[at + 1]
        blue += weightX * weightY * source[at + 2]
      }
    }
    (target[to], target[to + 1], target[to + 2]) = (red, green, blue)
  }
}
