import Support

/// Something a pickle may not contain; the sentence follows "is not a readable PyTorch file: ".
struct PickleProblem: Error, Equatable {
  let message: String
  init(_ message: String) { self.message = message }
}

/// Reads the bytes of a pickle one after another from a part of a file, a block at a time.
struct PickleInput {
  /// How much of a pickle is read, in bytes. Numbers of arrays lie outside of it, and what is as long as only numbers
  /// are is passed over without being read.
  static let limit = 64 << 20
  /// The longest text that can be a name.
  static let longestText = 1 << 20

  private let file: OpenFile
  private let end: Int
  private var allowance = Self.limit
  private var block: [UInt8] = []
  private var next = 0
  /// Where in the file the block begins.
  private var blockStart: Int

  init(_ file: OpenFile, _ range: Range<Int>) {
    self.file = file
    (blockStart, end) = (range.lowerBound, range.upperBound)
  }

  /// Where in the file the next byte lies.
  var place: Int { blockStart + next }

  private mutating func fill() throws {
    blockStart += block.count
    next = 0
    guard blockStart < end else {
      throw PickleProblem("its pickle ends in the middle: the file was cut short")
    }
    block = try file.read(from: blockStart, count: min(1 << 16, end - blockStart))
    allowance -= block.count
    guard allowance >= 0 else {
      throw PickleProblem(
        "its pickle is sound so far, but longer than the \(Self.limit) bytes that are read, the limit")
    }
  }

  mutating func byte() throws -> UInt8 {
    if next == block.count { try fill() }
    defer { next += 1 }
    return block[next]
  }

  /// The next bytes; nil where they are so many that they are passed over.
  mutating func bytes(_ count: Int) throws -> [UInt8]? {
    guard count >= 0, count <= end - place else {
      throw PickleProblem(
        "its pickle announces \(count) bytes at byte \(place), where \(max(0, end - place)) are left")
    }
    guard count <= Self.longestText else {
      // No name, and so of no use: numbers of NumPy, for the most part.
      let place = place + count
      (block, blockStart, next) = ([], place, 0)
      return nil
    }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    while result.count < count {
      if next == block.count { try fill() }
      let part = block[next..<min(block.count, next + count - result.count)]
      result += part
      next += part.count
    }
    return result
  }

  /// A little-endian number of that many bytes, at most 8.
  mutating func number(_ size: Int) throws -> UInt64 {
    var result: UInt64 = 0
    for place in 0..<size { result |= UInt64(try byte()) << (8 * UInt64(place)) }
    return result
  }

  /// A length; one that no file can have is refused here.
  mutating func length(_ size: Int) throws -> Int {
    let number = try number(size)
    guard let length = Int(exactly: number) else {
      throw PickleProblem("its pickle announces \(number) bytes at byte \(place)")
    }
    return length
  }

  /// The bytes before the next line feed.
  mutating func line() throws -> [UInt8] {
    var result: [UInt8] = []
    while true {
      let byte = try byte()
      if byte == 10 { return result }
      result.append(byte)
    }
  }
}
