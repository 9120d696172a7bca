import FERCore
@testable import FERData
import Foundation
import Testing

/// What augmentations are made of, against Pillow. It works in whole levels, so that one or two of them may differ.
@Suite("Changes of colour and place, against Pillow")
struct ImageChangeTests {
  private struct Changes: Decodable {
    let picture: [UInt8]
    let brightness, contrast, saturation, hue, rotation, map: [String: [Int]]
  }

  private let changes: Changes
  private let picture: Image

  init() throws {
    changes = try JSONDecoder().decode(Changes.self, from: Data(try fixture("changes.json")))
    picture = Image(width: 12, height: 9, eightBit: changes.picture)
  }

  private func check(
    _ cases: [String: [Int]], count: Int, within levels: Int, _ change: (inout Image, Float) -> Void
  ) throws {
    #expect(cases.count == count)
    for (text, expected) in cases {
      var image = picture
      change(&image, try #require(Float(text)))
      let worst = zip(image.bytes, expected).map { abs(Int($0) - $1) }.max()
      #expect(try #require(worst) <= levels && expected.count == image.bytes.count, "\(text)")
    }
  }

  @Test("brightness, contrast, saturation, hue")
  func colours() throws {
    try check(changes.brightness, count: 2, within: 1) { $0.change([.brightness($1)]) }
    // Pillow rounds the mean, and the lightness of each pixel, before it mixes.
    try check(changes.contrast, count: 2, within: 2) { $0.change([.contrast($1)]) }
    try check(changes.saturation, count: 3, within: 2) { $0.change([.saturation($1)]) }
    try check(changes.hue, count: 3, within: 1) { $0.change([.hue($1)]) }
  }

  /// At the border Pillow repeats half a pixel before it is black; only places within are compared.
  private func check(_ found: Image, _ expected: [Int], from map: PlaneMap) {
    var compared = 0
    for y in 0..<9 {
      for x in 0..<12 {
        let (u, v) = (Float(x) - 5.5, Float(y) - 4)
        let (fromX, fromY) = (map.a * u + map.b * v + map.c + 5.5, map.d * u + map.e * v + map.f + 4)
        guard fromX >= 0, fromX <= 11, fromY >= 0, fromY <= 8 else { continue }
        compared += 1
        for channel in 0..<3 {
          let place = (y * 12 + x) * 3 + channel
          #expect(abs(Int(found.bytes[place]) - expected[place]) <= 1, "\(x), \(y)")
        }
      }
    }
    #expect(compared > 50)
  }

  @Test("turning")
  func turns() throws {
    #expect(changes.rotation.count == 2)
    for (text, expected) in changes.rotation {
      let degrees = try #require(Float(text))
      check(picture.rotated(degrees: degrees), expected, from: .rotation(degrees: -degrees))
    }
  }

  /// Pillow's numbers map from the upper left corner, with pixels at halves; ours from the centre.
  @Test("an affine map")
  func affine() throws {
    let (text, expected) = try #require(changes.map.first)
    let n = text.split(separator: " ").compactMap { Float($0) }
    let map = PlaneMap(
      n[0], n[1], n[0] * 6 + n[1] * 4.5 + n[2] - 6, n[3], n[4], n[3] * 6 + n[4] * 4.5 + n[5] - 4.5)
    check(picture.warped(by: map, border: .edge), expected, from: map)
  }
}
