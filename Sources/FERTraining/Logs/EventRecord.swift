import Support

/// The records of TensorBoard's event files.
///
/// A file is a row of TFRecords, each a message `Event` of protocol buffers:
///
///     length  UInt64, little-endian
///     check   UInt32: masked CRC-32C of the eight bytes of the length
///     event   as many bytes
///     check   UInt32: masked CRC-32C of the event
///
///     masked(c) = (c rotated right by 15) + 0xA282EAD8
///
/// Source: `record_writer.h`, `event.proto` and `summary.proto` of TensorFlow; only what scalars need is here.
enum EventRecord {
  /// A number under a name, in which "/" separates groups.
  struct Scalar: Equatable {
    let tag: String
    let value: Float
  }

  /// The first record of a file, which tells its version.
  static func version(at time: Double) -> [UInt8] {
    framed(event(step: 0, at: time) { $0.add(3, Array("brain.Event:2".utf8)) })
  }

  /// Says that training began at a step: a reader forgets what it knew from that step on.
  static func start(step: Int, at time: Double) -> [UInt8] {
    framed(event(step: step, at: time) { $0.add(7, Message { $0.add(1, UInt64(1)) }.bytes) })
  }

  /// The scalars of a step.
  static func scalars(_ scalars: [Scalar], step: Int, at time: Double) -> [UInt8] {
    let summary = Message { summary in
      for scalar in scalars {
        let value = Message {
          $0.add(1, Array(scalar.tag.utf8))
          $0.add(2, scalar.value)
        }
        summary.add(1, value.bytes)
      }
    }
    return framed(event(step: step, at: time) { $0.add(5, summary.bytes) })
  }

  private static func event(step: Int, at time: Double, _ content: (inout Message) -> Void) -> [UInt8] {
    Message {
      $0.add(1, time)
      // A zero is what a reader assumes.
      if step != 0 { $0.add(2, UInt64(step)) }
      content(&$0)
    }.bytes
  }

  /// A message between its length and its check.
  static func framed(_ message: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(message.count))
    return length + littleEndian(masked(length)) + message + littleEndian(masked(message))
  }

  private static func masked(_ bytes: [UInt8]) -> UInt32 {
    let sum = CRC32C.of(bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }

  /// A message of protocol buffers: fields by number, in the order of the numbers.
  private struct Message {
    private(set) var bytes: [UInt8] = []

    init(_ content: (inout Message) -> Void) { content(&self) }

    private enum Kind: UInt64 {
      case variable = 0
      case eightBytes = 1
      case counted = 2
      case fourBytes = 5
    }

    mutating func add(_ field: UInt64, _ value: UInt64) {
      key(field, .variable)
      variable(value)
    }

    mutating func add(_ field: UInt64, _ value: Double) {
      key(field, .eightBytes)
      bytes += littleEndian(value.bitPattern)
    }

    mutating func add(_ field: UInt64, _ value: Float) {
      key(field, .fourBytes)
      bytes += littleEndian(value.bitPattern)
    }

    mutating func add(_ field: UInt64, _ value: [UInt8]) {
      key(field, .counted)
      variable(UInt64(value.count))
      bytes += value
    }

    private mutating func key(_ field: UInt64, _ kind: Kind) { variable(field << 3 | kind.rawValue) }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    private mutating func variable(_ value: UInt64) {
      var rest = value
      while rest > 0x7F {
        bytes.append(UInt8(rest & 0x7F | 0x80))
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
  }
}
