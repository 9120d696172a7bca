import FERCore
import Foundation
import TensorKit

/// A picture under the brush. Shapes are given in face units (the head is about 1.6 high, its centre is the
/// origin, y points down), by functions that tell how far a point lies outside; edges are a pixel soft. Unlike `Canvas` it turns with the
/// head and keeps floats to the end, so that faint layers add up.
struct FaceCanvas {
  /// A rectangle in face units.
  struct Box {
    var left: Float, top: Float, right: Float, bottom: Float

    init(_ left: Float, _ top: Float, _ right: Float, _ bottom: Float) {
      (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
    }
  }

  let size: Int
  /// Pixels in a face unit.
  let unit: Float
  private(set) var pixels: [Colour]
  private let cosine: Float
  private let sine: Float
  private let centreX: Float
  private let centreY: Float

  init(size: Int, scene: FaceScene) {
    self.size = size
    unit = Float(size) * 0.525 * scene.zoom
    (cosine, sine) = (cos(scene.roll), sin(scene.roll))
    centreX = Float(size) * 0.5 + scene.x * unit
    centreY = Float(size) * 0.5 + scene.y * unit + 0.02 * unit
    pixels = []
    pixels.reserveCapacity(size * size)
    for y in 0..<size {
      let share = Float(y) / Float(max(1, size - 1))
      let line = scene.backgroundTop + (scene.backgroundBottom - scene.backgroundTop) * share
      pixels += repeatElement(line, count: size)
    }
  }

  /// How much of a pixel a shape covers whose edge is `distance` face units away (negative inside). `softness`
  /// widens the edge, in face units.
  @inline(__always) func cover(_ distance: Float, softness: Float = 0) -> Float {
    let width = 1 + softness * unit
    let share = min(1, max(0, 0.5 - distance * unit / width))
    return softness > 0 ? share * share * (3 - 2 * share) : share
  }

  /// Lays a colour over all pixels of a box, as strongly as `alpha` says for each.
  @inline(__always)
  mutating func paint(_ box: Box, _ colour: (Float, Float) -> Colour, alpha: (Float, Float) -> Float) {
    let corners = [
      (box.left, box.top), (box.right, box.top), (box.left, box.bottom), (box.right, box.bottom),
    ]
    var (minX, minY, maxX, maxY) = (Float(size), Float(size), Float(-1), Float(-1))
    for (u, v) in corners {
      let x = centreX + unit * (cosine * u - sine * v)
      let y = centreY + unit * (sine * u + cosine * v)
      (minX, maxX) = (min(minX, x), max(maxX, x))
      (minY, maxY) = (min(minY, y), max(maxY, y))
    }
    let left = Int(max(0, minX - 1)), right = Int(min(Float(size), maxX + 2))
    let top = Int(max(0, minY - 1)), bottom = Int(min(Float(size), maxY + 2))
    guard left < right, top < bottom else { return }
    let (perPixelX, perPixelY) = (cosine / unit, sine / unit)
    pixels.withUnsafeMutableBufferPointer { pixels in
      for y in top..<bottom {
        let (dx, dy) = (Float(left) + 0.5 - centreX, Float(y) + 0.5 - centreY)
        var u = dx * perPixelX + dy * perPixelY
        var v = dy * perPixelX - dx * perPixelY
        for x in left..<right {
          let share = alpha(u, v)
          if share > 0 {
            let at = y * size + x
            pixels[at] += (colour(u, v) - pixels[at]) * share
          }
          u += perPixelX
          v -= perPixelY
        }
      }
    }
  }

  /// A shape of one colour.
  @inline(__always) mutating func fill(
    _ box: Box, _ colour: Colour, opacity: Float = 1, softness: Float = 0, distance: (Float, Float) -> Float
  ) {
    let canvas = (unit: unit, width: 1 + softness * unit)
    paint(box) { _, _ in
      colour
    } alpha: { u, v in
      let share = min(1, max(0, 0.5 - distance(u, v) * canvas.unit / canvas.width))
      return opacity * (softness > 0 ? share * share * (3 - 2 * share) : share)
    }
  }

  /// An ellipse of one colour.
  mutating func ellipse(
    _ x: Float, _ y: Float, _ radiusX: Float, _ radiusY: Float, _ colour: Colour, opacity: Float = 1,
    softness: Float = 0
  ) {
    let margin = softness / 2
    let box = Box(x - radiusX - margin, y - radiusY - margin, x + radiusX + margin, y + radiusY + margin)
    fill(box, colour, opacity: opacity, softness: softness) { u, v in
      FaceShapes.ellipse(u - x, v - y, radiusX, radiusY)
    }
  }

  /// A bent line from `from` to `to`; `bend` lifts its middle (up is negative). It thins out to `endWidth`.
  mutating func stroke(
    from: SIMD2<Float>, to: SIMD2<Float>, bend: Float, width: Float, endWidth: Float, _ colour: Colour,
    opacity: Float = 1, softness: Float = 0
  ) {
    let margin = max(width, endWidth) + softness + abs(bend)
    let box = Box(
      min(from.x, to.x) - margin, min(from.y, to.y) - margin, max(from.x, to.x) + margin,
      max(from.y, to.y) + margin)
    let along = to - from
    let length = max(1e-4, (along * along).sum().squareRoot())
    let direction = along / length
    fill(box, colour, opacity: opacity, softness: softness) { u, v in
      let (x, y) = (u - from.x, v - from.y)
      let reach = x * direction.x + y * direction.y
      let share = min(1, max(0, reach / length))
      let aside = y * direction.x - x * direction.y - 4 * bend * share * (1 - share)
      let beyond = max(0, max(-reach, reach - length))
      let half = width + (endWidth - width) * share
      return (aside * aside + beyond * beyond).squareRoot() - half
    }
  }

  /// The finished picture: exposure, colour of the light, grain.
  func picture(_ scene: FaceScene, random: inout RandomSource) -> Image {
    let light = Colour(1 + scene.warmth, 1, 1 - scene.warmth) * scene.exposure
    let black = Colour(repeating: 0)
    let white = Colour(repeating: 1)
    let values = [Float](unsafeUninitializedCapacity: size * size * 3) { values, count in
      for (index, pixel) in pixels.enumerated() {
        // Two even numbers make a hump that is near enough to the normal distribution for grain.
        let bits = random.next()
        let hump = Float(bits & 0xFFFF) + Float(bits >> 16 & 0xFFFF) - 65_535
        let colour = (pixel * light + scene.grain * hump * (2.4 / 65_536)).clamped(
          lowerBound: black, upperBound: white)
        (values[index * 3], values[index * 3 + 1], values[index * 3 + 2]) = (colour.x, colour.y, colour.z)
      }
      count = size * size * 3
    }
    return Image(width: size, height: size, pixels: values)
  }
}

/// How far a point lies outside of simple shapes, near enough for drawing; negative inside.
enum FaceShapes {
  @inline(__always) static func ellipse(_ x: Float, _ y: Float, _ radiusX: Float, _ radiusY: Float) -> Float {
    let (a, b) = (x / radiusX, y / radiusY)
    let k = (a * a + b * b).squareRoot()
    let (c, d) = (a / radiusX, b / radiusY)
    let slope = (c * c + d * d).squareRoot()
    return slope > 0 ? k * (k - 1) / slope : -min(radiusX, radiusY)
  }
}
