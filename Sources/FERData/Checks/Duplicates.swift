import TensorKit

/// Finds images that are there more than once.
package struct Duplicates: Sendable {
  /// Two images that show the same picture without having the same pixels.
  package struct Near: Sendable, Equatable {
    /// The one that comes first.
    package let first: Int
    package let second: Int
    /// Whether left and right are swapped.
    package let isMirrored: Bool
  }

  /// Images with the same pixels: two or more in each list, by their places, in order.
  package let exact: [[Int]]
  /// Pairs of near-duplicates. Of images with the same pixels only the first takes part.
  package let near: [Near]
  /// False where so many images are alike (frames of one still camera) that not all pairs were looked for.
  package let isComplete: Bool

  /// Looks at all images; nil stands for one that could not be read.
  ///
  /// Every image is compared with those that have one of eight bytes of its outline (see ``ImageFingerprint``) in
  /// common, so that outlines up to seven bits apart are met for certain; so the work grows little faster than the
  /// number of images.
  /// - Parameter sets: the set that each image belongs to. Where an image has very many near-duplicates, some of its own
  ///   set and some of others are kept; none given puts all into one.
  package init(_ prints: [ImageFingerprint?], sets: [Int] = []) {
    var places: [ImageFingerprint.Content: [Int]] = [:]
    for (index, print) in prints.enumerated() {
      if let print { places[print.content, default: []].append(index) }
    }
    exact = places.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    let search = Search(prints, sets.count == prints.count ? sets : [Int](repeating: 0, count: prints.count))
    (near, isComplete) = search.pairs(among: places.values.map { $0[0] }.sorted())
  }
}

/// The search for near-duplicates.
private struct Search {
  /// An image, or its mirror image, in the search.
  private struct Entry {
    let outline: UInt64
    let index: Int32
    let isMirrored: Bool
  }

  /// Outlines further apart than this are different pictures.
  private static let bits = 7
  /// How many near-duplicates an image may have on one shelf, of its own set and of others.
  private static let most = 64
  /// How many comparisons of outlines one byte may take.
  private static let comparisons = 4_000_000_000

  private let prints: [ImageFingerprint?]
  private let sets: [Int]

  init(_ prints: [ImageFingerprint?], _ sets: [Int]) { (self.prints, self.sets) = (prints, sets) }

  func pairs(among candidates: [Int]) -> (found: [Duplicates.Near], isComplete: Bool) {
    var entries: [Entry] = []
    for index in candidates {
      guard let print = prints[index], !print.isBlank, index <= Int(Int32.max) else { continue }
      entries.append(Entry(outline: print.outline, index: Int32(index), isMirrored: false))
      entries.append(Entry(outline: print.mirroredOutline, index: Int32(index), isMirrored: true))
    }
    var (found, isComplete) = ([Duplicates.Near](), true)
    let reach = max(500, Self.comparisons / max(1, entries.count))
    for byte in 0..<8 {
      let shift = UInt64(8 * byte)
      var shelves = [[Entry]](repeating: [], count: 256)
      for entry in entries { shelves[Int(entry.outline >> shift & 255)].append(entry) }
      for var shelf in shelves {
        // The likest stand next to one another, should the shelf be too long.
        if shelf.count > reach {
          isComplete = false
          shelf.sort { ($0.outline, $0.index) < ($1.outline, $1.index) }
        }
        let (more, isWhole) = pairs(on: shelf, byte: byte, reach: reach)
        found += more
        isComplete = isComplete && isWhole
      }
    }
    found.sort { ($0.first, $0.second, $0.isMirrored ? 1 : 0) < ($1.first, $1.second, $1.isMirrored ? 1 : 0) }
    // A face may be its own mirror image; the plain relation is told then.
    let distinct = found.indices.filter { place in
      place == 0 || found[place - 1].first != found[place].first
        || found[place - 1].second != found[place].second
    }
    return (distinct.map { found[$0] }, isComplete)
  }

  /// The pairs on one shelf, but for those that an earlier byte has shown already; and whether these are all.
  private func pairs(on shelf: [Entry], byte: Int, reach: Int) -> ([Duplicates.Near], Bool) {
    let block = 64
    let blocks = (shelf.count + block - 1) / block
    var found = [(pairs: [Duplicates.Near], isWhole: Bool)](repeating: ([], true), count: blocks)
    found.withUnsafeMutableBufferPointer { found in
      shelf.withUnsafeBufferPointer { shelf in
        Parallel.forEach(blocks) { number in
          for place in number * block..<min((number + 1) * block, shelf.count) {
            let one = shelf[place]
            var (own, others) = (0, 0)
            for other in shelf[(place + 1)..<min(place + 1 + reach, shelf.count)] {
              let apart = one.outline ^ other.outline
              guard apart.nonzeroBitCount <= Self.bits, !(one.isMirrored && other.isMirrored),
                one.index != other.index, !Self.isShown(apart, before: byte)
              else { continue }
              let isOwn = sets[Int(one.index)] == sets[Int(other.index)]
              guard (isOwn ? own : others) < Self.most else {
                found[number].isWhole = false
                continue
              }
              guard let pair = compared(one, other) else { continue }
              if isOwn { own += 1 } else { others += 1 }
              found[number].pairs.append(pair)
            }
          }
        }
      }
    }
    return (found.flatMap(\.pairs), found.allSatisfy(\.isWhole))
  }

  /// Whether one of the lower bytes is the same.
  private static func isShown(_ apart: UInt64, before byte: Int) -> Bool {
    (0..<byte).contains { apart >> UInt64(8 * $0) & 255 == 0 }
  }

  private func compared(_ one: Entry, _ other: Entry) -> Duplicates.Near? {
    let isMirrored = one.isMirrored != other.isMirrored
    let (first, second) = (Int(min(one.index, other.index)), Int(max(one.index, other.index)))
    // Two entries tell of a mirrored pair, each image's own and the other's mirror image; one is enough.
    if isMirrored, (one.isMirrored ? one.index : other.index) != Int32(second) { return nil }
    guard let a = prints[first], let b = prints[second], a.showsSame(as: b, mirrored: isMirrored) else {
      return nil
    }
    return Duplicates.Near(first: first, second: second, isMirrored: isMirrored)
  }
}
