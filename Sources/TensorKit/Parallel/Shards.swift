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
  /// The images of this part, by their places among all.
  package let images: Range<Int>
  /// How many images the sums are of, on all processes.
  package let totalCount: Int
  /// The same images as one process would hold them that holds all of the group's.
  package var whole: Shards { group ?? self }
  private let group: Shards?
  private let collective: any Collective
  private let firstFault = Mutex<CollectiveFault?>(nil)

  /// - Parameter imageCount: of all parts.
  /// - Parameter part: which of `parts` this is: it has the shards part S / parts ..< (part + 1) S / parts.
  /// - Parameter group: the parts that are summed together; nil for this one alone.
  /// - Parameter collective: the processes that hold the parts of the group.
  package init(
    _ imageCount: Int, shards: Int = usual, part: Int = 0, of parts: Int = 1, in group: Range<Int>? = nil,
    over collective: any Collective = SingleProcess()
  ) {
    let count = max(shards, parts)
    let start = { shard in shard * imageCount / count }
    let shards = { (group: Range<Int>) in
      group.lowerBound * count / parts..<group.upperBound * count / parts
    }
    let own = shards(part..<part + 1), all = shards(group ?? part..<part + 1)
    images = start(own.lowerBound)..<start(own.upperBound)
    totalCount = start(all.upperBound) - start(all.lowerBound)
    let first = images.lowerBound, cuts = own.map { start($0) - first..<start($0 + 1) - first }
    ranges = cuts.filter { !$0.isEmpty }
    additions = Self.tree(over: cuts.map { !$0.isEmpty })
    (places, placeCount) = Self.places(for: additions)
    self.collective = collective
    self.group =
      collective.size == 1
      ? nil
      : group.map { Shards(imageCount, shards: count, part: $0.lowerBound / $0.count, of: parts / $0.count) }
  }

  /// How many shards have images.
  package var count: Int { ranges.count }

  /// The rows of each shard where every image has equally many of `rows`, one image's after another's; nil where it has not.
  func rows(_ rows: Int) -> [Range<Int>]? {
    guard !images.isEmpty, rows % images.count == 0 else { return nil }
    let each = rows / images.count
    return ranges.map { $0.lowerBound * each..<$0.upperBound * each }
  }

  /// How many rows all processes have where this one has `rows`.
  func totalRows(_ rows: Int) -> Int { images.isEmpty ? rows : rows / images.count * totalCount }

  /// Puts the sum over all processes in place of the branch that this one has summed.
  ///
  /// Where a process cannot be reached any more its numbers stay as they are: whoever takes the step asks for the
  /// ``fault`` before the numbers are used for anything that lasts.
  func sumOverProcesses(_ numbers: inout Tensor) {
    guard collective.size > 1, fault == nil else { return }
    do { try numbers.update { try collective.sum($0) } } catch { note(error) }
  }

  /// Whether the batch is shared with processes before this one.
  package var hasEarlierProcess: Bool { collective.rank > 0 }

  /// The rows of all processes; where one cannot be reached any more, 0 in place of others' and a ``fault``.
  func gatheredOverProcesses(_ rows: [Float]) -> [Float] {
    guard collective.size > 1 else { return rows }
    do {
      if fault == nil { return Array(try collective.gathered(rows).joined()) }
    } catch { note(error) }
    let each = rows.count / max(images.count, 1), before = images.lowerBound - whole.images.lowerBound
    return Array(repeating: 0, count: before * each) + rows
      + Array(repeating: 0, count: (totalCount - before - images.count) * each)
  }

  private func note(_ error: any Error) {
    firstFault.withLock { $0 = error as? CollectiveFault ?? CollectiveFault("\(error)") }
  }

  /// Why processes could not be summed over; nil where all went well.
  package var fault: CollectiveFault? { firstFault.withLock { $0 } }

  /// The sum of what `make` gives for each shard that has images, as their tree; nil where none has.
  package func sum<Value>(
    _ make: (_ shard: Int) throws -> Value, adding add: (inout Value, Value) -> Void
  ) rethrows -> Value? {
    var sums: [Value?] = []
    for shard in ranges.indices {
      sums.append(try make(shard))
      for addition in additions[shard] {
        guard var sum = sums[addition.into].take(), let other = sums[addition.from].take() else { continue }
        add(&sum, other)
        sums[addition.into] = sum
      }
    }
    return sums.first ?? nil
  }

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
