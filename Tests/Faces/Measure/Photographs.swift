import ARBEx
import Foundation

/// A face and where it was put into a photograph.
struct PlacedFace {
  /// The middle of the square that was put in, in pixels from the photograph's corner.
  let x, y: Float
  /// Its side, in pixels.
  let side: Float
  /// How far it leans, in degrees; positive is clockwise as seen.
  let degrees: Float
}

/// Photographs that the program makes: a drawn background, and perhaps a face.
enum Photographs {
  /// Surfaces, walls and things of many colours, edges of all directions, unevenly lit and grainy. No face.
  static func background(random: inout RandomSource) -> Image {
    let (width, height) = (480 + random.below(481), 360 + random.below(361))
    var canvas = Canvas(
      width: Double(width), height: Double(height), scale: 1, background: colour(&random))
    for _ in 0..<(10 + random.below(40)) {
      let size = (
        w: 8 + Double(random.uniform()) * Double(width) / 2,
        h: 8 + Double(random.uniform()) * Double(height) / 2
      )
      let place = (x: Double(random.uniform()) * Double(width), y: Double(random.uniform()) * Double(height))
      let box = Canvas.Box(x: place.x - size.w / 2, y: place.y - size.h / 2, width: size.w, height: size.h)
      canvas.fill(box, colour(&random), radius: random.chance(0.5) ? 0 : min(size.w, size.h) / 2)
    }
    for _ in 0..<random.below(6) {
      let style = Canvas.TextStyle(
        10 + Double(random.uniform()) * 60, colour(&random), isBold: random.chance(0.5))
      let letters = (0..<3 + random.below(8)).map { _ in "abcdefgKLMNOP 0123".randomElement(&random) }
      canvas.write(
        String(letters), x: Double(random.uniform()) * Double(width) * 0.8,
        baseline: Double(random.uniform()) * Double(height), style)
    }
    // Half of them seen askew.
    var image = canvas.image
    if random.chance(0.5) { image = image.rotated(degrees: random.uniform(-30, 30), border: .reflect) }
    let (slopeX, slopeY, grain) = (
      random.uniform(-0.3, 0.3), random.uniform(-0.3, 0.3), random.uniform(0, 0.05)
    )
    var pixels = image.pixels
    for y in 0..<height {
      for x in 0..<width {
        let light = 1 + slopeX * (Float(x) / Float(width) - 0.5) + slopeY * (Float(y) / Float(height) - 0.5)
        let noise = grain * random.normal()
        for channel in 0..<3 {
          let at = (y * width + x) * 3 + channel
          pixels[at] = max(0, min(1, pixels[at] * light + noise))
        }
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  private static func colour(_ random: inout RandomSource) -> Canvas.Colour {
    Canvas.Colour(UInt32(random.below(1 << 24)))
  }

  /// Puts a face somewhere into a photograph, its side between 80 pixels and what fits or `largest`, turned by at most 15
  /// degrees. The edge flows into the background over a fortieth of the side.
  static func put(
    _ face: Image, into photograph: inout Image, largest: Float = 320, random: inout RandomSource
  ) -> PlacedFace {
    let (width, height) = (photograph.width, photograph.height)
    let most = min(largest, Float(min(width, height)) / 1.3)
    // Evenly on a logarithmic scale: small faces are as frequent as large ones.
    let side = 80 * pow(most / 80, random.uniform())
    let degrees = random.uniform(-15, 15)
    let angle = degrees * .pi / 180
    let reach = side / 2 * (abs(cos(angle)) + abs(sin(angle)))
    let placed = PlacedFace(
      x: reach + random.uniform() * (Float(width) - 2 * reach),
      y: reach + random.uniform() * (Float(height) - 2 * reach),
      side: side, degrees: degrees)
    let large = face.resized(width: Int(side.rounded(.up)), height: Int(side.rounded(.up)), antialias: true)
    let scale = Float(large.width) / side
    let (source, edge) = (large.pixels, side / 40)
    var pixels = photograph.pixels
    for y in max(0, Int(placed.y - reach))...min(height - 1, Int(placed.y + reach)) {
      for x in max(0, Int(placed.x - reach))...min(width - 1, Int(placed.x + reach)) {
        let (dx, dy) = (Float(x) + 0.5 - placed.x, Float(y) + 0.5 - placed.y)
        let (u, v) = (
          dx * cos(angle) + dy * sin(angle) + side / 2, -dx * sin(angle) + dy * cos(angle) + side / 2
        )
        let inside = min(min(u, side - u), min(v, side - v))
        guard inside > 0 else { continue }
        let share = min(1, inside / edge)
        let (column, row) = (u * scale - 0.5, v * scale - 0.5)
        let (left, top) = (max(0, min(large.width - 2, Int(column))), max(0, min(large.height - 2, Int(row))))
        let (shareX, shareY) = (max(0, min(1, column - Float(left))), max(0, min(1, row - Float(top))))
        for channel in 0..<3 {
          let value = { (column: Int, row: Int) in source[(row * large.width + column) * 3 + channel] }
          let upper = value(left, top) * (1 - shareX) + value(left + 1, top) * shareX
          let lower = value(left, top + 1) * (1 - shareX) + value(left + 1, top + 1) * shareX
          let at = (y * width + x) * 3 + channel
          pixels[at] += share * (upper * (1 - shareY) + lower * shareY - pixels[at])
        }
      }
    }
    photograph = Image(width: width, height: height, pixels: pixels)
    // As a file holds it.
    photograph = Image(width: width, height: height, eightBit: photograph.bytes)
    return placed
  }
}

extension String {
  fileprivate func randomElement(_ random: inout RandomSource) -> Character {
    let all = Array(self)
    return all[random.below(all.count)]
  }
}

extension RandomSource {
  mutating func uniform(_ from: Float, _ to: Float) -> Float { from + (to - from) * uniform() }
  mutating func chance(_ share: Float) -> Bool { uniform() < share }
}
