import Support
import TensorKit

/// A message in the wire format of Protocol Buffers, which is written field by field:
///
///     field    = (number · 8 + wire type) as a varint, then the value
///     varint   = seven bits a byte, the lowest first; the top bit says that more follow
///     type 0   = a varint;  type 2 = a length as a varint, then so many bytes;  type 5 = four bytes
///
/// Source: protobuf.dev, "Encoding". Numbers of arrays are not copied: they are written from where they lie.
struct ProtobufMessage {
  private enum Piece {
    case bytes([UInt8])
    case numbers(Tensor)
  }

  private var pieces: [Piece] = []
  /// Its length in bytes.
  private(set) var count = 0

  /// A whole number; negative ones take ten bytes, as an int64 does.
  mutating func add(_ field: Int, _ number: Int) {
    append(Self.varint(UInt64(field) << 3) + Self.varint(UInt64(bitPattern: Int64(number))))
  }

  /// A 32-bit float.
  mutating func add(_ field: Int, _ number: Float) {
    append(Self.varint(UInt64(field) << 3 | 5) + Self.littleEndian(UInt64(number.bitPattern), bytes: 4))
  }

  /// A text, in UTF-8.
  mutating func add(_ field: Int, _ text: String) { add(field, bytes: Array(text.utf8)) }

  /// Bytes.
  mutating func add(_ field: Int, bytes: [UInt8]) {
    begin(field, length: bytes.count)
    append(bytes)
  }

  /// A message within this one.
  mutating func add(_ field: Int, _ message: ProtobufMessage) {
    begin(field, length: message.count)
    pieces += message.pieces
    count += message.count
  }

  /// The numbers of an array as bytes, each the four of a 32-bit float, the lowest first.
  mutating func add(_ field: Int, numbers: Tensor) {
    begin(field, length: 4 * numbers.count)
    pieces.append(.numbers(numbers))
    count += 4 * numbers.count
  }

  /// Whole numbers as bytes, each the eight of an int64, the lowest first.
  mutating func add(_ field: Int, integers: [Int]) {
    add(field, bytes: integers.flatMap { Self.littleEndian(UInt64(bitPattern: Int64($0)), bytes: 8) })
  }

  /// Writes it, without its length.
  func write(to sink: AtomicFile.Sink) throws {
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): try sink.write(bytes)
      case .numbers(let tensor): try tensor.withValues { try sink.write(UnsafeRawBufferPointer($0)) }
      }
    }
  }

  private mutating func begin(_ field: Int, length: Int) {
    append(Self.varint(UInt64(field) << 3 | 2) + Self.varint(UInt64(length)))
  }

  /// Short runs of bytes become one piece.
  private mutating func append(_ bytes: [UInt8]) {
    count += bytes.count
    if case .bytes(var last) = pieces.last {
      pieces.removeLast()
      last += bytes
      pieces.append(.bytes(last))
    } else {
      pieces.append(.bytes(bytes))
    }
  }

  private static func varint(_ number: UInt64) -> [UInt8] {
    var (rest, bytes) = (number, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(truncatingIfNeeded: rest)]
  }

  private static func littleEndian(_ number: UInt64, bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}
