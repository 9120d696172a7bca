import FERCore
@testable import FERData
import Foundation
import TensorKit
import Testing

@Suite("Resizing and moving pixels")
struct GeometryTests {
  private struct Case: Decodable {
    let from: [Int]
    let to: [Int]
    let plain: [Float]
    let antialiased: [Float]
    let pillow: [Int]
  }

  @Test("resizing agrees with PyTorch, antialiased also with Pillow")
  func resize() throws {
    let cases = try JSONDecoder().decode([Case].self, from: Data(try fixture("resize.json")))
    #expect(cases.count == 15)
    for item in cases {
      let image = rampImage(width: item.from[0], height: item.from[1])
      let plain = image.resized(width: item.to[0], height: item.to[1], antialias: false)
      let soft = image.resized(width: item.to[0], height: item.to[1], antialias: true)
      #expect(
        zip(plain.pixels, item.plain).allSatisfy { abs($0 - $1) < 2e-6 }, "plain \(item.from) to \(item.to)")
      // Up to a thousand pixels are added up for one, here in single precision.
      #expect(
        zip(soft.pixels, item.antialiased).allSatisfy { abs($0 - $1) < 1e-5 }, "\(item.from) to \(item.to)")
      #expect(
        zip(soft.bytes, item.pillow).allSatisfy { abs(Int($0) - $1) <= 1 },
        "Pillow \(item.from) to \(item.to)")
      #expect(plain.pixels.count == item.plain.count && soft.pixels.count == item.pillow.count)
    }
  }

  @Test("an image of bytes is the same as one of floats, and keeps its bytes until it is changed")
  func eightBit() {
    let bytes = (0..<7 * 5 * 3).map { UInt8($0 * 37 % 256) }
    var image = Image(width: 7, height: 5, eightBit: bytes)
    let floats = Image(width: 7, height: 5, pixels: bytes.map { Float($0) / 255 })
    #expect(image == floats && image.bytes == bytes && floats.bytes == bytes)
    for (width, height) in [(4, 3), (9, 5), (7, 2), (12, 11)] {
      let found = image.resized(width: width, height: height, antialias: true)
      let expected = floats.resized(width: width, height: height, antialias: true)
      #expect(zip(found.pixels, expected.pixels).allSatisfy { abs($0 - $1) < 1e-6 }, "\(width)x\(height)")
    }
    let copy = image
    image.pixels[0] = 1
    #expect(image.eightBit == nil && image.pixels[0] == 1 && image.pixels[1...] == floats.pixels[1...])
    #expect(copy.eightBit == bytes && copy == floats)
  }

  /// Held at the border, every place of a turned image is a mixture; black comes in from outside only.
  @Test("a small turn, by its definition", arguments: ImageBorder.allCases, [-10, 3, 45] as [Float])
  func turn(border: ImageBorder, degrees: Float) {
    let image = rampImage(width: 23, height: 17)
    let found = image.rotated(degrees: degrees, border: border)
    let (sine, cosine) = (sin(Double(degrees) * .pi / 180), cos(Double(degrees) * .pi / 180))
    for y in 0..<17 {
      for x in 0..<23 {
        let (u, v) = (Double(x) - 11, Double(y) - 8)
        let place = (x: cosine * u - sine * v + 11, y: sine * u + cosine * v + 8)
        let corner = (x: place.x.rounded(.down), y: place.y.rounded(.down))
        for channel in 0..<3 {
          var sum = 0.0
          for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            guard let column = border.source(Int(corner.x) + dx, 23),
              let row = border.source(Int(corner.y) + dy, 17)
            else { continue }
            let weightX = 1 - abs(corner.x + Double(dx) - place.x),
              weightY = 1 - abs(corner.y + Double(dy) - place.y)
            sum += weightX * weightY * Double(image.pixels[(row * 23 + column) * 3 + channel])
          }
          #expect(abs(Double(found.pixels[(y * 23 + x) * 3 + channel]) - sum) < 2e-5, "\(x), \(y)")
        }
      }
    }
  }

  @Test("every pair of small sizes, without a trap, and a grey stays that grey")
  func allSizes() {
    for from in 0...9 {
      for to in 0...9 {
        for antialias in [false, true] {
          let image = Image(width: from, height: 3, colour: [0.5, 0.5, 0.5])
          let found = image.resized(width: to, height: 9 - to, antialias: antialias)
          #expect(found.pixels.count == to * (9 - to) * 3)
          #expect(found.pixels.allSatisfy { abs($0 - (from == 0 ? 0 : 0.5)) < 1e-6 }, "\(from) to \(to)")
        }
      }
    }
  }

  /// Pixels numbered by place: 10·y + x, in all three channels.
  private func numbered(_ width: Int, _ height: Int) -> Image {
    let numbers = (0..<height).flatMap { y in (0..<width).map { Float(10 * y + $0) } }
    return Image(width: width, height: height, pixels: numbers.flatMap { [$0, $0, $0] })
  }

  private func numbers(_ image: Image) -> [Int] {
    stride(from: 0, to: image.pixels.count, by: 3).map { Int(image.pixels[$0].rounded()) }
  }

  @Test("flipping swaps left and right")
  func flip() {
    var image = numbered(3, 2)
    image.flip()
    #expect(numbers(image) == [2, 1, 0, 12, 11, 10])
    var narrow = numbered(1, 2)
    narrow.flip()
    #expect(numbers(narrow) == [0, 10])
  }

  @Test("a crop over the border")
  func crop() {
    let image = numbered(3, 2)
    #expect(numbers(image.cropped(x: 1, y: 0, width: 2, height: 2)) == [1, 2, 11, 12])
    #expect(
      numbers(image.cropped(x: -2, y: 1, width: 4, height: 2, border: .edge)) == [
        10, 10, 10, 11, 10, 10, 10, 11,
      ])
    #expect(numbers(image.cropped(x: -2, y: 1, width: 4, height: 1, border: .reflect)) == [12, 11, 10, 11])
    #expect(numbers(image.cropped(x: 2, y: -1, width: 2, height: 2, border: .zero)) == [0, 0, 2, 0])
    #expect(numbers(numbered(1, 1).cropped(x: -9, y: 4, width: 2, height: 1, border: .reflect)) == [0, 0])
  }

  /// Seen in the image, y downwards: what is on the right goes to the top.
  @Test("a quarter turn is counter-clockwise and exact")
  func quarterTurn() {
    #expect(numbers(numbered(3, 3).rotated(degrees: 90)) == [2, 12, 22, 1, 11, 21, 0, 10, 20])
    #expect(numbers(numbered(3, 3).rotated(degrees: 180)) == [22, 21, 20, 12, 11, 10, 2, 1, 0])
    #expect(numbered(4, 3).rotated(degrees: 0) == numbered(4, 3))
  }

  @Test("between pixels, a warp mixes; outside, it follows the border")
  func warp() {
    let shift = PlaneMap(1, 0, 0.25, 0, 1, 0)
    let image = Image(width: 3, height: 1, pixels: [0, 0, 0, 4, 4, 4, 8, 8, 8])
    #expect(image.warped(by: shift, border: .edge).pixels == [1, 1, 1, 5, 5, 5, 8, 8, 8])
    #expect(image.warped(by: shift, border: .zero).pixels == [1, 1, 1, 5, 5, 5, 6, 6, 6])
    let wild = PlaneMap(.nan, 0, 0, 0, 1e30, .infinity)
    #expect(image.warped(by: wild, border: .reflect).pixels == Array(repeating: 0, count: 9))
  }

  @Test("a map and its inverse cancel; a flat one has none")
  func inverse() throws {
    let map = PlaneMap(2, 0.5, 3, -0.25, 1, -4)
    let both = try #require(map.inverse).after(map)
    let values = [both.a, both.b, both.c, both.d, both.e, both.f]
    #expect(zip(values, [1, 0, 0, 0, 1, 0]).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(PlaneMap(1, 2, 0, 2, 4, 0).inverse == nil)
  }

  /// Hue turns by thirds: red, green, blue. By hand in HSV: (0.8, 0.4, 0.4) is hue 0, value 0.8, chroma 0.4.
  @Test("hue, mixing and lightness")
  func colours() {
    var image = Image(width: 2, height: 1, pixels: [1, 0, 0, 0.8, 0.4, 0.4])
    image.change([.hue(1 / 3)])
    #expect(zip(image.pixels, [0, 1, 0, 0.4, 0.8, 0.4]).allSatisfy { abs($0 - $1) < 1e-6 })
    image.change([.hue(-1 / 6)])
    #expect(zip(image.pixels, [1, 1, 0, 0.8, 0.8, 0.4]).allSatisfy { abs($0 - $1) < 1e-6 })
    // Lightness of yellow: 0.2989 + 0.587; half way to grey.
    var yellow = Image(width: 1, height: 1, colour: [1, 1, 0])
    #expect(abs(yellow.meanLightness - 0.8859) < 1e-6)
    yellow.change([.saturation(0.5)])
    #expect(zip(yellow.pixels, [0.94295, 0.94295, 0.44295]).allSatisfy { abs($0 - $1) < 1e-6 })
    yellow.change([.brightness(3)])
    #expect(yellow.pixels == [1, 1, 1])
  }
}
