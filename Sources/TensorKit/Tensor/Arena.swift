#if canImport(Glibc)
  import Glibc
#endif

/// Blocks of memory cut from large stretches of address space, by best fit; neighbours that are free become one.
///
/// Memory is fresh, and costs nothing, until it is first cut; blocks that were used before go first. A training step
/// asks for the same blocks in the same order each time, so after the first it finds them where they were.
struct Arena {
  private struct Block { var start, size: UInt }

  /// Free and used before, in order of address, no two of them neighbours.
  private var free: [Block] = []
  /// Never used: the rest of the youngest stretch.
  private var fresh = Block(start: 0, size: 0)

  /// Address space asked for at once: 256 MiB. Large pages are 2 MiB.
  private static let (stretch, largePage): (UInt, UInt) = (1 << 28, 1 << 21)
  /// Address space left to everything that is no tensor: 32 MiB.
  private static let others: UInt = 1 << 25

  /// - Returns: nil where the system has no more.
  mutating func take(_ bytes: Int) -> UInt? {
    let size = UInt(bytes)
    var best: Int?
    for (place, block) in free.enumerated() where block.size >= size {
      if best.map({ block.size < free[$0].size }) ?? true { best = place }
    }
    guard let best else { return grow(to: size) }
    let start = free[best].start
    if free[best].size == size {
      free.remove(at: best)
    } else {
      free[best] = Block(start: start + size, size: free[best].size - size)
    }
    return start
  }

  mutating func giveBack(_ start: UInt, _ bytes: Int) { insert(Block(start: start, size: UInt(bytes))) }

  /// No free block is large enough: fresh memory, joined to a free block that lies before it.
  private mutating func grow(to size: UInt) -> UInt? {
    if let last = free.firstIndex(where: { $0.start + $0.size == fresh.start }),
      free[last].size + fresh.size >= size
    {
      let start = free.remove(at: last).start
      let more = start + size - fresh.start
      fresh = Block(start: fresh.start + more, size: fresh.size - more)
      return start
    }
    if fresh.size < size {
      guard let stretch = Self.map(atLeast: size) else { return nil }
      fresh = stretch
    }
    defer { fresh = Block(start: fresh.start + size, size: fresh.size - size) }
    return fresh.start
  }

  private mutating func insert(_ block: Block) {
    var (low, high) = (0, free.count)
    while low < high {
      let middle = (low + high) / 2
      if free[middle].start < block.start { low = middle + 1 } else { high = middle }
    }
    let joinsBefore = low > 0 && free[low - 1].start + free[low - 1].size == block.start
    let joinsAfter = low < free.count && block.start + block.size == free[low].start
    switch (joinsBefore, joinsAfter) {
    case (true, true):
      free[low - 1].size += block.size + free[low].size
      free.remove(at: low)
    case (true, false): free[low - 1].size += block.size
    case (false, true): free[low] = Block(start: block.start, size: block.size + free[low].size)
    case (false, false): free.insert(block, at: low)
    }
  }

  /// Fresh address space that starts and ends on a large page, which the system is asked to use: fewer faults, and fewer
  /// misses of the address translation.
  private static func map(atLeast size: UInt) -> Block? {
    // Where address space is scarce, as under `ulimit -v`, what is needed now may still be there.
    mapped(max(size, stretch)) ?? (size < stretch ? mapped(size) : nil)
  }

  private static func mapped(_ size: UInt) -> Block? {
    let size = (size + largePage - 1) / largePage * largePage
    let whole = size + largePage
    // Under `ulimit -v` the rest of the process must find room too: without it, it would end without a word.
    let made = mmap(
      nil, Int(whole + others), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let made, made != MAP_FAILED else { return nil }
    munmap(made + Int(whole), Int(others))
    let start = (UInt(bitPattern: made) + largePage - 1) / largePage * largePage
    madvise(UnsafeMutableRawPointer(bitPattern: start), Int(size), MADV_HUGEPAGE)
    return Block(start: start, size: size)
  }
}
