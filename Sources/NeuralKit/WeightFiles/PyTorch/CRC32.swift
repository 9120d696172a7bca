/// The checksum of zip archives, eight bytes at a step.
struct CRC32 {
  private var state: UInt32 = 0xFFFF_FFFF

  /// The checksum of all bytes so far.
  var value: UInt32 { ~state }

  /// `tables[k][b]`: what byte `b` does to the checksum `k` bytes later.
  private static let tables: [[UInt32]] = {
    let first: [UInt32] = (0..<256).map { byte in
      var sum = UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
      return sum
    }
    var tables = [first]
    for _ in 1..<8 {
      tables.append(
        tables[tables.count - 1].map { (sum: UInt32) -> UInt32 in (sum >> 8) ^ first[Int(sum & 255)] })
    }
    return tables
  }()
  private static let flat = tables.flatMap { $0 }

  /// Takes more bytes in.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    Self.flat.withUnsafeBufferPointer { table in
      var sum = state
      let whole = bytes.count & ~7
      for start in stride(from: 0, to: whole, by: 8) {
        let word =
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)) ^ UInt64(sum)
        sum = 0
        for place in 0..<8 {
          let byte = Int(truncatingIfNeeded: word >> UInt64(8 * place)) & 255
          sum ^= table[((7 - place) << 8) | byte]
        }
      }
      for place in whole..<bytes.count { sum = (sum >> 8) ^ table[Int((sum ^ UInt32(bytes[place])) & 255)] }
      state = sum
    }
  }
}
