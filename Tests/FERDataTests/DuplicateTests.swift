import FERCore
import Foundation
import TensorKit
import Testing

@testable import FERData

@Suite("Duplicates")
struct DuplicateTests {
  /// A picture of soft random blobs: as different from others as photographs are.
  private func picture(_ seed: UInt64, side: Int = 60) -> Image {
    var random = RandomSource(seed: seed, stream: "picture")
    let small = Image(width: 6, height: 6, pixels: (0..<108).map { _ in 0.1 + 0.8 * random.uniform() })
    return eightBit(small.resized(width: side, height: side, antialias: false))
  }

  private func eightBit(_ image: Image) -> Image {
    Image(width: image.width, height: image.height, eightBit: image.bytes)
  }

  private func changed(_ image: Image, _ change: (inout Image) -> Void) -> Image {
    var copy = image
    change(&copy)
    return eightBit(copy)
  }

  private func found(_ images: [Image?]) -> Duplicates {
    Duplicates(images.map { $0.map(ImageFingerprint.init) })
  }

  @Test(
    "the same pixels are found, whatever stands between them; one changed level makes them near-duplicates")
  func exact() {
    let (a, b) = (picture(1), picture(2))
    let other = changed(a) { $0.pixels[1000] += 2 / 255 }
    let duplicates = found([a, b, nil, a, other, b, b])
    #expect(duplicates.exact == [[0, 3], [1, 5, 6]])
    #expect(duplicates.near == [.init(first: 0, second: 4, isMirrored: false)])
    // The same values in another shape are another picture.
    let flat = Image(width: 30, height: 120, eightBit: a.bytes)
    #expect(found([a, flat]).exact.isEmpty)
  }

  @Test("resized, relit, noisy and mirrored copies are found")
  func near() {
    let a = picture(3)
    var random = RandomSource(seed: 1, stream: "noise")
    let copies: [(String, Image, Bool)] = [
      ("shrunk", eightBit(a.resized(width: 40, height: 44, antialias: true)), false),
      ("enlarged", eightBit(a.resized(width: 131, height: 131, antialias: false)), false),
      ("darker", changed(a) { $0.change([.brightness(0.7)]) }, false),
      ("less contrast", changed(a) { $0.change([.contrast(0.6)]) }, false),
      ("grey", changed(a) { $0.change([.saturation(0)]) }, false),
      (
        "noisy",
        changed(a) { image in for i in image.pixels.indices { image.pixels[i] += 0.02 * random.normal() } },
        false
      ),
      ("mirrored", changed(a) { $0.flip() }, true),
    ]
    for (name, copy, isMirrored) in copies {
      let duplicates = found([picture(4), a, picture(5), copy])
      #expect(duplicates.near == [.init(first: 1, second: 3, isMirrored: isMirrored)], "\(name)")
      #expect(duplicates.exact.isEmpty)
    }
  }

  @Test("different pictures, and the same face with another mouth, are no duplicates")
  func different() {
    #expect(found((10..<400).map { picture($0) }).near.isEmpty)
    let face = picture(6)
    // A dark and a light patch of 15x8 pixels where a mouth would be: 3 % of the picture.
    let (open, closed) = (
      changed(face) { $0.fill(x: 22, y: 42, width: 15, height: 8) { _ in 0.1 } },
      changed(face) { $0.fill(x: 22, y: 42, width: 15, height: 8) { _ in 0.9 } }
    )
    #expect(found([open, closed]).near.isEmpty)
  }

  @Test("blank pictures are told as such and take no part in the search; tiny ones and odd values do no harm")
  func blank() {
    let images = [0.2, 0.5, 0.8].map { Image(width: 30, height: 20, colour: [$0, $0, $0]) }
    #expect(images.allSatisfy { ImageFingerprint($0).isBlank && ImageFingerprint($0).isGrey })
    #expect(found(images).near.isEmpty && found(images).exact.isEmpty)
    #expect(!ImageFingerprint(picture(7)).isBlank && !ImageFingerprint(picture(7)).isGrey)
    let odd = Image(width: 1, height: 2, pixels: [.nan, .infinity, -1, 0, 1, 0.5])
    #expect(ImageFingerprint(odd).width == 1)
    #expect(found([]).exact.isEmpty && found([nil]).near.isEmpty)
  }

  @Test("of very many images alike some are told, those of the other set among them, and that there are more")
  func manyAlike() {
    let base = picture(8)
    let images = (0..<200).map { index in changed(base) { $0.pixels[3 * index] = index % 2 == 0 ? 0 : 1 } }
    let duplicates = Duplicates(
      images.map(ImageFingerprint.init), sets: images.indices.map { $0 == 199 ? 1 : 0 })
    #expect(!duplicates.isComplete && duplicates.exact.isEmpty)
    #expect(duplicates.near.contains { $0.first == 0 && $0.second == 199 })
    #expect(duplicates.near.count < 200 * 199 / 2)
    #expect(found([base, picture(9)]).isComplete)
  }

  @Test(
    "the search meets every pair whose outlines are at most seven bits apart, as a search over all pairs does"
  )
  func completeSearch() {
    // Copies with more and more noise, of few pictures, so that many pairs are near the limit.
    var random = RandomSource(seed: 2, stream: "noise")
    let prints = (0..<240).map { index -> ImageFingerprint in
      let base = picture(UInt64(20 + index % 12))
      return ImageFingerprint(
        changed(base) { image in
          for i in image.pixels.indices { image.pixels[i] += Float(index) / 4000 * random.normal() }
        })
    }
    var expected: [[Int]] = []
    for first in prints.indices {
      for second in prints.indices.dropFirst(first + 1)
      where (prints[first].outline ^ prints[second].outline).nonzeroBitCount <= 7
        && prints[first].showsSame(as: prints[second], mirrored: false)
      { expected.append([first, second]) }
    }
    let near = Duplicates(prints).near.filter { !$0.isMirrored }.map { [$0.first, $0.second] }
    #expect(near == expected && expected.count > 100)
  }
}
