import FERCore
import Foundation
import NeuralKit
import TensorKit

/// What lies outside an image.
package enum ImageBorder: String, OptionChoice {
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
package struct PlaneMap: Sendable, Equatable {
  /// The six numbers, as in the formula above.
  package var a: Float, b: Float, c: Float, d: Float, e: Float, f: Float

  /// The map of these six numbers.
  package init(_ a: Float, _ b: Float, _ c: Float, _ d: Float, _ e: Float, _ f: Float) {
    (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
  }

  /// A turn about the origin; positive is counter-clockwise as seen in the image.
  package static func rotation(degrees: Float) -> PlaneMap {
    let angle = degrees * .pi / 180
    return PlaneMap(cos(angle), sin(angle), 0, -sin(angle), cos(angle), 0)
  }

  /// First `inner`, then this one.
  package func after(_ inner: PlaneMap) -> PlaneMap {
    PlaneMap(
      a * inner.a + b * inner.d, a * inner.b + b * inner.e, a * inner.c + b * inner.f + c,
      d * inner.a + e * inner.d, d * inner.b + e * inner.e, d * inner.c + e * inner.f + f)
  }

  /// The map back; nil where there is none.
  package var inverse: PlaneMap? {
    let determinant = a * e - b * d
    guard determinant.isFinite, abs(determinant) > 1e-12 else { return nil }
    let (p, q, r, s) = (e / determinant, -b / determinant, -d / determinant, a / determinant)
    return PlaneMap(p, q, -(p * c + q * f), r, s, -(r * c + s * f))
  }
}

extension Image {
  /// A rectangle of the image; what lies outside is made up as `border` says.
  package func cropped(
    x: Int, y: Int, width newWidth: Int, height newHeight: Int, border: ImageBorder = .edge
  ) -> Image {
    let (newWidth, newHeight) = (max(0, newWidth), max(0, newHeight))
    guard width > 0, height > 0 else { return Image(width: newWidth, height: newHeight, colour: [0, 0, 0]) }
    let isInside = x >= 0 && x + newWidth <= width
    let columns = isInside ? [] : (0..<newWidth).map { border.source(x + $0, width) }
    let result = [Float](unsafeUninitializedCapacity: newWidth * newHeight * 3) { target, count in
      if border == .zero { target.initialize(repeating: 0) }
      pixels.withUnsafeBufferPointer { source in
        for row in 0..<newHeight {
          guard let from = border.source(y + row, height) else { continue }
          let line = UnsafeMutableBufferPointer(
            rebasing: target[row * newWidth * 3..<(row + 1) * newWidth * 3])
          if isInside {
            let start = (from * width + x) * 3
            _ = line.update(fromContentsOf: source[start..<start + newWidth * 3])
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
  package mutating func flip() {
    let (width, height) = (width, height)
    pixels.withUnsafeMutableBufferPointer { pixels in
      guard let pixels = pixels.baseAddress else { return }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: width * 3 + 1) { copy in
        guard let copy = copy.baseAddress else { return }
        copy.initialize(repeating: 0, count: width * 3 + 1)
        for y in 0..<height {
          let row = pixels + y * width * 3
          copy.update(from: row, count: width * 3)
          PixelLoops.reverse(copy, into: row, count: width)
        }
      }
    }
  }

  /// The image turned about its centre, in its old frame; positive is counter-clockwise.
  package func rotated(degrees: Float, border: ImageBorder = .zero) -> Image {
    // Where an output pixel comes from is the turn the other way.
    warped(by: .rotation(degrees: -degrees), border: border)
  }

  /// The image in its old frame, each pixel taken from where `map` sends it; both in pixels from the centre.
  /// Positions between pixels are mixed bilinearly.
  package func warped(by map: PlaneMap, border: ImageBorder) -> Image {
    guard width > 0, height > 0 else { return self }
    let (centreX, centreY) = (Float(width - 1) / 2, Float(height - 1) / 2)
    let result = [Float](unsafeUninitializedCapacity: width * height * 3) { target, count in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          let v = Float(y) - centreY
          let (startX, startY) = (map.b * v + map.c + centreX, map.e * v + map.f + centreY)
          let place = { (x: Int) -> (x: Float, y: Float) in
            let u = Float(x) - centreX
            return (map.a * u + startX, map.d * u + startY)
          }
          let quick = quickRange(border, place)
          let line = y * width * 3
          for x in 0..<quick.lowerBound { mixed(source, place(x), border, target, line + 3 * x) }
          if let from = source.baseAddress, let to = target.baseAddress, !quick.isEmpty {
            PixelLoops.walk(
              .init(first: Float(quick.lowerBound) - centreX, dx: map.a, dy: map.d, x: startX, y: startY),
              over: from,
              width: width, height: height, into: to + line + 3 * quick.lowerBound, count: quick.count)
          }
          for x in quick.upperBound..<width { mixed(source, place(x), border, target, line + 3 * x) }
        }
      }
      count = width * height * 3
    }
    return Image(width: width, height: height, pixels: result)
  }

  /// Which pixels of a row lie at places that need no look at the border: all that are within the image, and with
  /// `edge` the others too, as holding a place at the border is the same.
  private func quickRange(_ border: ImageBorder, _ place: (Int) -> (x: Float, y: Float)) -> Range<Int> {
    let ends = [place(0), place(width - 1)]
    guard width > 1, height > 1, ends.allSatisfy({ abs($0.x) < 1e6 && abs($0.y) < 1e6 }) else { return 0..<0 }
    if border == .edge { return 0..<width }
    func isWithin(_ x: Int) -> Bool {
      let at = place(x)
      return at.x >= 0 && at.y >= 0 && at.x <= Float(width - 1) && at.y <= Float(height - 1)
    }
    var (first, end) = (0, width)
    while first < end && !isWithin(first) { first += 1 }
    while end > first && !isWithin(end - 1) { end -= 1 }
    return first..<end
  }

  /// Writes the colour at (x, y) to `target`.
  @inline(__always) private func mixed(
    _ source: UnsafeBufferPointer<Float>, _ place: (x: Float, y: Float), _ border: ImageBorder,
    _ target: UnsafeMutableBufferPointer<Float>, _ to: Int
  ) {
    let (x, y) = place
    // Far outside, and for what is not a number, the position itself would not fit into an integer.
    guard abs(x) < 1e6, abs(y) < 1e6 else {
      for channel in 0..<3 { target[to + channel] = 0 }
      return
    }
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (column, row) = (Int(left), Int(top))
    let (shareX, shareY) = (x - left, y - top)
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
