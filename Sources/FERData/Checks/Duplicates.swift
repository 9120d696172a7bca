import TensorKit

/// Finds images that are there more than once.
public struct Duplicates: Sendable {
  /// Two images that show the same picture without having the same pixels.
  public struct Near: Sendable, Equatable {
    /// The one that comes first.
    public let first: Int
    public let second: Int
    /// Whether left and right are swapped.
    public let isMirrored: Bool
  }

  /// Images with the same pixels: two or more in each list, by their places, in order.
  public let exact: [[Int]]
  /// Pairs of near-duplicates. Of images with the same pixels only the first takes part.
  public let near: [Near]

  /// Looks at all images; nil stands for one that could not be read.
  ///
  /// Every image is compared with those that have one of eight bytes of its outline (see ``ImageFingerprint``) in
  /// common, so that outlines up to seven bits apart are met for certain; so the work grows little faster than the
  /// number of images.
  public init(_ prints: [ImageFingerprint?]) {
    var places: [ImageFingerprint.Content: [Int]] = [:]
    for (index, print) in prints.enumerated() {
      if let print { places[print.content, default: []].append(index) }
    }
    exact = places.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    near = Self.near(prints, among: places.values.map { $0[0] }.sorted())
  }

  /// An image, or its mirror image, in the search.
  private struct Entry {
    let outline: UInt64
    let index: Int32
    let isMirrored: Bool
  }

  /// Outlines further apart than this are different pictures.
  private static let bits = 7
  /// An image meets this many others in one byte at most, so that 100,000 frames of one still camera end in time.
  private static let reach = 20_000

  private static func near(_ prints: [ImageFingerprint?], among candidates: [Int]) -> [Near] {
    var entries: [Entry] = []
    for index in candidates {
      guard let print = prints[index], !print.isBlank, index <= Int(Int32.max) else { continue }
      entries.append(Entry(outline: print.outline, index: Int32(index), isMirrored: false))
      entries.append(Entry(outline: print.mirroredOutline, index: Int32(index), isMirrored: true))
    }
    var found: [Near] = []
    for byte in 0..<8 {
      let shift = UInt64(8 * byte)
      var shelves = [[Entry]](repeating: [], count: 256)
      for entry in entries { shelves[Int(entry.outline >> shift & 255)].append(entry) }
      for shelf in shelves { found += pairs(on: shelf, byte: byte, prints) }
    }
    found.sort { ($0.first, $0.second, $0.isMirrored ? 1 : 0) < ($1.first, $1.second, $1.isMirrored ? 1 : 0) }
    // A face may be its own mirror image; the plain relation is told then.
    return found.enumerated().filter { place, pair in
      place == 0 || found[place - 1].first != pair.first || found[place - 1].second != pair.second
    }.map(\.element)
  }

  /// The pairs on one shelf, but for those that an earlier byte has shown already.
  private static func pairs(on shelf: [Entry], byte: Int, _ prints: [ImageFingerprint?]) -> [Near] {
    let block = 64
    let blocks = (shelf.count + block - 1) / block
    var found = [[Near]](repeating: [], count: blocks)
    found.withUnsafeMutableBufferPointer { found in
      shelf.withUnsafeBufferPointer { shelf in
        Parallel.forEach(blocks) { number in
          for place in number * block..<min((number + 1) * block, shelf.count) {
            let one = shelf[place]
            for other in shelf[(place + 1)..<min(place + 1 + reach, shelf.count)] {
              let apart = one.outline ^ other.outline
              guard apart.nonzeroBitCount <= bits, !(one.isMirrored && other.isMirrored), one.index != other.index,
                !isShown(apart, before: byte), let pair = compared(one, other, prints)
              else { continue }
              found[number].append(pair)
            }
          }
        }
      }
    }
    return found.flatMap { $0 }
  }

  /// Whether one of the lower bytes is the same.
  private static func isShown(_ apart: UInt64, before byte: Int) -> Bool {
    (0..<byte).contains { apart >> UInt64(8 * $0) & 255 == 0 }
  }

  private static func compared(_ one: Entry, _ other: Entry, _ prints: [ImageFingerprint?]) -> Near? {
    let isMirrored = one.isMirrored != other.isMirrored
    let (first, second) = (Int(min(one.index, other.index)), Int(max(one.index, other.index)))
    // Two entries tell of a mirrored pair, each image's own and the other's mirror image; one is enough.
    if isMirrored, (one.isMirrored ? one.index : other.index) != Int32(second) { return nil }
    guard let a = prints[first], let b = prints[second], a.showsSame(as: b, mirrored: isMirrored) else { return nil }
    return Near(first: first, second: second, isMirrored: isMirrored)
  }
}
