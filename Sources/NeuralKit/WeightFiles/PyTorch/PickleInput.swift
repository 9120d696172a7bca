import Support

/// Something a pickle may not contain; the sentence follows "is not a readable PyTorch file: ".
struct PickleProblem: Error, Equatable {
  let message: String
  init(_ message: String) { self.message = message }
}

/// Reads the bytes of a pickle one after another from a part of a file, a block at a time.
struct PickleInput {
  /// The longest pickle that is read, in bytes. Numbers of arrays lie outside of it.
  static let limit = 64 << 20

  private let file: OpenFile
  private let end: Int
  private let endsWithFile: Bool
  private var block: [UInt8] = []
  private var next = 0
  /// Where in the file the block begins.
  private var blockStart: Int

  init(_ file: OpenFile, _ range: Range<Int>) {
    self.file = file
    blockStart = range.lowerBound
    endsWithFile = range.count <= Self.limit
    end = endsWithFile ? range.upperBound : range.lowerBound + Self.limit
  }

  /// Where in the file the next byte lies.
  var place: Int { blockStart + next }

  private mutating func fill() throws {
    blockStart += block.count
    next = 0
    guard blockStart < end else {
      throw endsWithFile
        ? PickleProblem("its pickle ends in the middle: the file was cut short")
        : PickleProblem("its pickle is longer than the limit of \(Self.limit) bytes")
    }
    block = try file.read(from: blockStart, count: min(1 << 16, end - blockStart))
  }

  mutating func byte() throws -> UInt8 {
    if next == block.count { try fill() }
    defer { next += 1 }
    return block[next]
  }

  mutating func bytes(_ count: Int) throws -> [UInt8] {
    guard count >= 0, count <= end - place else {
      throw PickleProblem(
        "its pickle announces \(count) bytes at byte \(place), where \(max(0, end - place)) are left")
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
