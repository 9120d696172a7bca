import Foundation

/// Writes what `torch.save` writes, in both of its formats; an implementation of its own, to hold the reader against.
public enum TorchWriter {
  /// Named arrays of 32-bit floats in PyTorch's layout.
  public typealias Arrays = [(name: String, array: StoredArray)]

  /// A checkpoint as published ones are: the weights under "state_dict", an epoch, and an object of a class of whoever
  /// saved it.
  public static func checkpoint(_ arrays: Arrays, isOld: Bool = false) -> [UInt8] {
    var pickle = PickleWriter()
    pickle.bytes += Array("}(".utf8)
    pickle.text("epoch")
    pickle.integer(5)
    pickle.text("recorder")
    pickle.global("__main__", "RecorderMeter")
    pickle.bytes += Array(")".utf8) + [0x81]
    pickle.bytes += Array("}(".utf8)
    pickle.text("total_epoch")
    pickle.integer(200)
    pickle.bytes += Array("ub".utf8)
    pickle.text("state_dict")
    pickle.global("collections", "OrderedDict")
    pickle.bytes += Array(")R(".utf8)
    for (number, entry) in arrays.enumerated() {
      pickle.text(entry.name)
      pickle.tensor("\(number)", count: entry.array.values.count, shape: entry.array.shape, isOld: isOld)
    }
    pickle.bytes += Array("uu.".utf8)
    return isOld
      ? old(pickle.bytes, arrays.map(\.array.values)) : zip(pickle.bytes, arrays.map(\.array.values))
  }

  /// A checkpoint of several dictionaries of weights beside each other, the state of an optimiser and a step.
  public static func checkpoint(of dictionaries: [(name: String, arrays: Arrays)]) -> [UInt8] {
    var pickle = PickleWriter()
    pickle.bytes += Array("}(".utf8)
    pickle.text("iter")
    pickle.integer(5)
    pickle.text("optimizer_state_dict")
    pickle.bytes += Array("}(".utf8)
    pickle.text("param_groups")
    pickle.bytes += Array("]u".utf8)
    var storages: [[Float]] = []
    for (name, arrays) in dictionaries {
      pickle.text(name)
      pickle.global("collections", "OrderedDict")
      pickle.bytes += Array(")R(".utf8)
      for (key, array) in arrays {
        pickle.text(key)
        pickle.tensor("\(storages.count)", count: array.values.count, shape: array.shape)
        storages.append(array.values)
      }
      pickle.bytes += Array("u".utf8)
    }
    pickle.bytes += Array("u.".utf8)
    return zip(pickle.bytes, storages)
  }

  /// A zip archive around a pickle, with a storage "0", "1" ... for each of `storages`.
  public static func zip(_ pickle: [UInt8], _ storages: [[Float]], root: String = "archive") -> [UInt8] {
    var archive = ZipWriter()
    archive.add("\(root)/data.pkl", pickle)
    archive.add("\(root)/byteorder", Array("little".utf8))
    for (number, values) in storages.enumerated() {
      archive.add("\(root)/data/\(number)", values.withUnsafeBytes { Array($0) })
    }
    archive.add("\(root)/version", Array("3\n".utf8))
    return archive.finished()
  }

  /// The format before PyTorch 1.6.
  public static func old(_ pickle: [UInt8], _ storages: [[Float]]) -> [UInt8] {
    var bytes: [UInt8] = [
      0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]
    bytes += [0x80, 2, 0x4D, 0xE9, 0x03, 0x2E]
    bytes +=
      [0x80, 2] + Array("}(X".utf8) + [13, 0, 0, 0] + Array("little_endian".utf8) + [0x88] + Array("u.".utf8)
    bytes += pickle
    var keys = PickleWriter()
    keys.bytes += Array("](".utf8)
    for number in storages.indices { keys.text("\(number)") }
    keys.bytes += Array("e.".utf8)
    bytes += keys.bytes
    for values in storages {
      bytes += withUnsafeBytes(of: Int64(values.count).littleEndian) { Array($0) }
      values.withUnsafeBytes { bytes += $0 }
    }
    return bytes
  }
}

/// Writes zip archives of stored entries, with what a test wants to be wrong.
public struct ZipWriter: Sendable {
  /// What an entry says of itself.
  public struct Entry: Sendable {
    public var name: String
    public var content: [UInt8]
    public var method = 0
    public var flags = 0x800
    /// nil: the right one.
    public var size: Int?
    public var checksum: UInt32?
    /// nil: where it lies.
    public var place: Int?
  }

  private var bytes: [UInt8] = []
  private var directory: [UInt8] = []
  private var count = 0

  /// An empty archive.
  public init() {}

  /// Adds an entry.
  public mutating func add(_ name: String, _ content: [UInt8]) { add(Entry(name: name, content: content)) }

  /// Adds an entry.
  public mutating func add(_ entry: Entry) {
    let place = entry.place ?? bytes.count
    let (size, name) = (entry.size ?? entry.content.count, Array(entry.name.utf8))
    let checksum = Int(entry.checksum ?? Self.checksum(entry.content))
    let common =
      Self.number(entry.flags, 2) + Self.number(entry.method, 2) + Self.number(0, 4)
      + Self.number(checksum, 4)
      + Self.number(size, 4) + Self.number(size, 4) + Self.number(name.count, 2) + Self.number(0, 2)
    if entry.place == nil {
      bytes += Self.number(0x0403_4B50, 4) + Self.number(20, 2) + common + name
      bytes += entry.content
    }
    directory += Self.number(0x0201_4B50, 4) + Self.number(20, 2) + Self.number(20, 2) + common
    directory += Self.number(0, 2 + 2 + 2 + 4) + Self.number(place, 4) + name
    count += 1
  }

  /// The archive.
  public func finished(count: Int? = nil) -> [UInt8] {
    let count = count ?? self.count
    return bytes + directory + Self.number(0x0605_4B50, 4) + Self.number(0, 4) + Self.number(count, 2)
      + Self.number(count, 2) + Self.number(directory.count, 4) + Self.number(bytes.count, 4)
      + Self.number(0, 2)
  }

  private static func number(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    var sum = UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
    return sum
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    let table = table
    return ~bytes.reduce(UInt32.max) { ($0 >> 8) ^ table[Int(($0 ^ UInt32($1)) & 255)] }
  }
}
