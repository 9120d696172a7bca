import Support

/// The table of contents of a zip archive whose entries lie uncompressed, as `torch.save` writes them.
///
/// Read strictly: the central directory must fill the space up to its end record, every entry must agree with its
/// local header, lie before the directory, overlap no other, and bear a name of its own that is no path out of the
/// archive. Zip64 is read; encryption, several disks and, where it matters, compression are refused.
///
/// Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
struct ZipArchive {
  /// One file in the archive.
  struct Entry {
    let name: String
    /// Where its bytes lie.
    let range: Range<Int>
    /// The CRC-32 of its bytes; 0 also where whoever wrote it did not work it out.
    let checksum: UInt32
    let isCompressed: Bool
  }

  /// Something an archive may not be; the sentence follows the file's path.
  struct Problem: Error {
    let message: String
    init(_ message: String) { self.message = message }
  }

  /// How an archive that holds anything begins.
  static let signature: [UInt8] = [0x50, 0x4B, 0x03, 0x04]
  private static let entryLimit = 100_000
  private static let directoryLimit = 64 << 20

  /// In the order of their places.
  private(set) var entries: [Entry] = []

  init(_ file: OpenFile) throws {
    let end = try Self.endRecord(file)
    guard end.count <= Self.entryLimit else {
      throw Problem("is a zip archive of \(end.count) entries, above the limit of \(Self.entryLimit)")
    }
    guard end.directory.count <= Self.directoryLimit else {
      throw Problem(
        "is a zip archive with a directory of \(end.directory.count) bytes, above the limit of \(Self.directoryLimit)"
      )
    }
    let directory = Bytes(try file.read(from: end.directory.lowerBound, count: end.directory.count))
    var place = 0
    var names = Set<String>()
    for _ in 0..<end.count {
      let (listed, next) = try Self.listed(directory, at: place)
      guard names.insert(listed.name).inserted else {
        throw Self.broken("the name \"\(listed.name.printable)\" comes twice")
      }
      entries.append(try Self.entry(listed, file, before: end.directory.lowerBound))
      place = next
    }
    guard place == directory.count else { throw Self.broken("its directory goes on after its last entry") }
    try checkOverlaps()
  }

  /// What the directory says of an entry.
  private struct Listed {
    let name: String
    let rawName: ArraySlice<UInt8>
    let size: Int
    let checksum: UInt32
    let header: Int
    let isCompressed: Bool
    let hasSizesBehind: Bool
  }

  // MARK: end record

  private static func endRecord(_ file: OpenFile) throws -> (directory: Range<Int>, count: Int) {
    let tailLength = min(file.length, 22 + 0xFFFF)
    let tail = Bytes(try file.read(from: file.length - tailLength, count: tailLength))
    let candidates = stride(from: tailLength - 22, through: 0, by: -1)
    guard
      let found = tailLength < 22
        ? nil
        : candidates.first(where: { place in
          tail.number32(place) == 0x0605_4B50 && place + 22 + tail.number16(place + 20) == tailLength
        })
    else { throw broken("its end is missing: the file was cut short") }
    guard tail.number16(found + 4) == 0, tail.number16(found + 6) == 0 else {
      throw broken("it has several parts")
    }
    var (count, size, start) = (
      tail.number16(found + 10), tail.number32(found + 12), tail.number32(found + 16)
    )
    guard tail.number16(found + 8) == count else { throw broken("it has several parts") }
    var directoryEnd = file.length - tailLength + found
    if found >= 20, tail.number32(found - 20) == 0x0706_4B50 {
      let record = try number(tail.number64(found - 12))
      guard record <= directoryEnd - 20 - 56 else {
        throw broken("its zip64 end record is not where it should be")
      }
      let wide = Bytes(try file.read(from: record, count: 56))
      guard wide.number32(0) == 0x0606_4B50, try number(wide.number64(4)) == directoryEnd - 20 - record - 12,
        wide.number32(16) == 0, wide.number32(20) == 0
      else { throw broken("its zip64 end record is damaged") }
      let (wideCount, wideSize, wideStart) = (
        try number(wide.number64(32)), try number(wide.number64(40)), try number(wide.number64(48))
      )
      guard [0xFFFF, wideCount].contains(count), [0xFFFF_FFFF, wideSize].contains(size),
        [0xFFFF_FFFF, wideStart].contains(start)
      else { throw broken("its two end records contradict each other") }
      (count, size, start) = (wideCount, wideSize, wideStart)
      directoryEnd = record
    }
    guard size <= directoryEnd, start == directoryEnd - size else {
      throw broken("its directory is not where it should be")
    }
    guard count <= size / 46 else { throw broken("its directory is too short for \(count) entries") }
    return (start..<directoryEnd, count)
  }

  // MARK: entries

  private static func listed(_ directory: Bytes, at place: Int) throws -> (Listed, next: Int) {
    guard place + 46 <= directory.count, directory.number32(place) == 0x0201_4B50 else {
      throw broken("its directory is damaged at byte \(place)")
    }
    let (flags, method) = (directory.number16(place + 8), directory.number16(place + 10))
    let lengths = [28, 30, 32].map { directory.number16(place + $0) }
    let next = place + 46 + lengths.reduce(0, +)
    guard next <= directory.count else { throw broken("its directory is damaged at byte \(place)") }
    let nameEnd = place + 46 + lengths[0]
    let rawName = directory.bytes[place + 46..<nameEnd]
    guard let name = String(validating: rawName, as: UTF8.self) else {
      throw broken("a name in it is not UTF-8")
    }
    try checkName(name)
    guard flags & 0x2041 == 0 else { throw broken("\"\(name.printable)\" is encrypted") }
    var sizes = [24, 20].map { directory.number32(place + $0) } + [directory.number32(place + 42)]
    try readWideSizes(directory.bytes[nameEnd..<nameEnd + lengths[1]], into: &sizes)
    let isCompressed = method != 0
    guard isCompressed || sizes[0] == sizes[1] else {
      throw broken("\"\(name.printable)\" is said to be \(sizes[0]) and \(sizes[1]) bytes long at once")
    }
    let entry = Listed(
      name: name, rawName: rawName, size: sizes[1], checksum: UInt32(directory.number32(place + 16)),
      header: sizes[2], isCompressed: isCompressed, hasSizesBehind: flags & 8 != 0)
    return (entry, next)
  }

  /// Names are never used as paths; one that tries to be shows what the archive was made for.
  private static func checkName(_ name: String) throws {
    let isHostile =
      name.isEmpty || name.hasPrefix("/") || name.contains("\\") || name.utf8.contains(0)
      || name.split(separator: "/", omittingEmptySubsequences: false).contains("..")
    guard !isHostile else { throw broken("it holds an entry with the forbidden name \"\(name.printable)\"") }
  }

  /// Sizes that do not fit 32 bits, size, compressed size and place, in this order and only those.
  private static func readWideSizes(_ extra: ArraySlice<UInt8>, into sizes: inout [Int]) throws {
    let extra = Bytes(Array(extra))
    var place = 0
    while place + 4 <= extra.count {
      let (kind, length) = (extra.number16(place), extra.number16(place + 2))
      guard place + 4 + length <= extra.count else {
        throw broken("an extra field in its directory is damaged")
      }
      if kind == 1 {
        var from = place + 4
        for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
          guard from + 8 <= place + 4 + length else {
            throw broken("a zip64 field in its directory is too short")
          }
          sizes[index] = try number(extra.number64(from))
          from += 8
        }
      }
      place += 4 + length
    }
  }

  private static func entry(_ listed: Listed, _ file: OpenFile, before limit: Int) throws -> Entry {
    let name = listed.name.printable
    guard listed.header <= limit - 30 else { throw broken("\"\(name)\" lies outside of the file") }
    let local = Bytes(try file.read(from: listed.header, count: 30))
    guard local.number32(0) == 0x0403_4B50, (local.number16(8) != 0) == listed.isCompressed else {
      throw broken("\"\(name)\" is not where the directory says")
    }
    let (nameLength, extraLength) = (local.number16(26), local.number16(28))
    let start = listed.header + 30 + nameLength + extraLength
    guard start <= limit, listed.size <= limit - start else {
      throw broken("\"\(name)\" lies outside of the file")
    }
    let rawName = try file.read(from: listed.header + 30, count: nameLength)
    guard rawName.elementsEqual(listed.rawName) else {
      throw broken("\"\(name)\" has another name in its own header")
    }
    let own = local.number32(18)
    guard listed.hasSizesBehind || own == listed.size || own == 0xFFFF_FFFF else {
      throw broken("\"\(name)\" has another size in its own header")
    }
    return Entry(
      name: listed.name, range: start..<start + listed.size, checksum: listed.checksum,
      isCompressed: listed.isCompressed)
  }

  /// No byte may belong to two entries.
  private mutating func checkOverlaps() throws {
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    for (one, next) in zip(entries, entries.dropFirst())
    where next.range.lowerBound < one.range.upperBound + 30 {
      throw Self.broken("\"\(one.name.printable)\" and \"\(next.name.printable)\" overlap")
    }
  }

  // MARK: numbers

  private static func broken(_ reason: String) -> Problem { Problem("is not a sound zip archive: \(reason)") }

  private static func number(_ wide: UInt64) throws -> Int {
    guard let number = Int(exactly: wide), number < 1 << 60 else { throw broken("a size in it is too large") }
    return number
  }

  /// Bytes with little-endian numbers in them. Places must have been checked.
  private struct Bytes {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    var count: Int { bytes.count }
    func number16(_ place: Int) -> Int { Int(bytes[place]) | Int(bytes[place + 1]) << 8 }
    func number32(_ place: Int) -> Int { number16(place) | number16(place + 2) << 16 }
    func number64(_ place: Int) -> UInt64 { UInt64(number32(place)) | UInt64(number32(place + 4)) << 32 }
  }
}
