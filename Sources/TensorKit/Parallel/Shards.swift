import Synchronization

/// How the images of a step's batch are cut, so that every sum over them has the same bits on one process as on many.
///
/// Shard s of n images and S shards holds the images s n / S ..< (s + 1) n / S. A sum over the batch is made of each shard
/// alone, in an order that follows the shard's own size, and then of the shards pairwise as a tree, (0 + 1) + (2 + 3); an
/// empty shard is left out of it. A process that holds a part of the shards sums its branch of the tree, and
/// ``Collective/sum(_:)`` the rest: where S and the number of processes are powers of 2, that is the same tree.
package final class Shards: Sendable {
  /// How many shards a batch is cut into where nobody says.
  package static let usual = 4

  /// One addition of the tree: what lies at one place is added to what lies at another.
  struct Addition: Equatable {
    let into, from: Int
  }

  /// The images of each shard that has any, from the first image of this part on.
  let ranges: [Range<Int>]
  /// After each shard the additions that are due once it is summed, by numbers of shards. The total ends at shard 0.
  let additions: [[Addition]]
  /// For each shard, which of ``placeCount`` places it is summed in where places are used again; that of the total is 0.
  let places: [Int]
  /// How many places the tree needs at a time.
  let placeCount: Int
  /// The images of this part.
  package let imageCount: Int
  /// The images of all processes.
  package let totalCount: Int
  private let collective: any Collective
  private let firstFault = Mutex<CollectiveFault?>(nil)

  /// - Parameter totalCount: the images of all parts together.
  /// - Parameter part: which part of the shards this is, of `parts`: shards part S / parts ..< (part + 1) S / parts.
  /// - Parameter together: the parts that are summed over by `collective`; nil for all.
  /// - Parameter collective: who holds the others of them.
  package init(
    _ totalCount: Int, shards: Int = usual, part: Int = 0, of parts: Int = 1, together: Range<Int>? = nil,
    collective: any Collective = SingleProcess()
  ) {
    let count = max(shards, parts)
    let own = Self.range(of: part, count, parts)
    let first = own.lowerBound * totalCount / count
    let all = own.map { $0 * totalCount / count - first..<($0 + 1) * totalCount / count - first }
    ranges = all.filter { !$0.isEmpty }
    additions = Self.tree(over: all.map { !$0.isEmpty })
    (places, placeCount) = Self.places(for: additions)
    imageCount = ranges.last?.upperBound ?? 0
    let together = together ?? 0..<parts
    let ends = (
      Self.range(of: together.lowerBound, count, parts).lowerBound,
      Self.range(of: together.upperBound - 1, count, parts).upperBound
    )
    self.totalCount = ends.1 * totalCount / count - ends.0 * totalCount / count
    self.collective = collective
  }

  /// The images of a part, of the whole batch.
  /// - Parameter part: as for the initialiser.
  package static func images(
    of part: Int, of parts: Int, _ totalCount: Int, shards: Int = usual
  ) -> Range<Int> {
    let count = max(shards, parts), own = range(of: part, count, parts)
    return own.lowerBound * totalCount / count..<own.upperBound * totalCount / count
  }

  /// The shards of a part.
  private static func range(of part: Int, _ shards: Int, _ parts: Int) -> Range<Int> {
    part * shards / parts..<(part + 1) * shards / parts
  }

  /// How many shards have images.
  package var count: Int { ranges.count }

  /// The rows of each shard where every image has equally many of `rows`, one image's after another's; nil where it has not.
  func rows(_ rows: Int) -> [Range<Int>]? {
    guard imageCount > 0, rows % imageCount == 0 else { return nil }
    let each = rows / imageCount
    return ranges.map { $0.lowerBound * each..<$0.upperBound * each }
  }

  /// How many rows all processes have where this one has `rows`.
  func totalRows(_ rows: Int) -> Int { imageCount > 0 ? rows / imageCount * totalCount : rows }

  /// Puts the sum over all processes in place of the branch that this one has summed.
  ///
  /// Where a process cannot be reached any more its numbers stay as they are: whoever takes the step asks for the
  /// ``fault`` before the numbers are used for anything that lasts.
  func sumOverProcesses(_ numbers: inout Tensor) {
    guard collective.size > 1, fault == nil else { return }
    do { try numbers.update { try collective.sum($0) } } catch {
      firstFault.withLock { $0 = error as? CollectiveFault ?? CollectiveFault("\(error)") }
    }
  }

  /// Why processes could not be summed over; nil where all went well.
  package var fault: CollectiveFault? { firstFault.withLock { $0 } }

  /// A node of the tree: where its sum lies, and the last shard in it.
  private struct Node { let root, last: Int }

  private static func tree(over isFilled: [Bool]) -> [[Addition]] {
    var filled = 0
    var nodes = isFilled.map { isFilled -> Node? in
      guard isFilled else { return nil }
      defer { filled += 1 }
      return Node(root: filled, last: filled)
    }
    var additions = [[Addition]](repeating: [], count: filled)
    while nodes.count > 1 {
      nodes = stride(from: 0, to: nodes.count, by: 2).map { place in
        guard place + 1 < nodes.count, let right = nodes[place + 1] else { return nodes[place] }
        guard let left = nodes[place] else { return right }
        additions[right.last].append(Addition(into: left.root, from: right.root))
        return Node(root: left.root, last: right.last)
      }
    }
    return additions
  }

  private static func places(for additions: [[Addition]]) -> ([Int], Int) {
    var places: [Int] = [], free: [Int] = [], count = 0
    for due in additions {
      if free.isEmpty {
        free.append(count)
        count += 1
      }
      places.append(free.removeLast())
      for addition in due { free.append(places[addition.from]) }
    }
    return (places, count)
  }
}
