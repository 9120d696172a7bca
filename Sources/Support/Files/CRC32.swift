import CZlib

/// The checksum of zip archives, by zlib.
package struct CRC32 {
  /// The checksum of all bytes so far.
  package private(set) var value: UInt32 = 0

  /// A checksum of nothing yet.
  package init() {}

  /// Takes more bytes in.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    // Without bytes zlib would begin anew.
    guard !bytes.isEmpty else { return }
    value = UInt32(crc32_z(UInt(value), bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
  }
}
