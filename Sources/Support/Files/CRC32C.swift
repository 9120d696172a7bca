/// CRC-32C, the checksum of iSCSI (RFC 3720) and of TensorBoard's records: Castagnoli's polynomial, bits reversed.
package enum CRC32C {
  /// What a byte adds to the remainder.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 0 ? rest >> 1 : rest >> 1 ^ 0x82F6_3B78 }
  }

  /// The checksum of these bytes.
  package static func of(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { rest, byte in
      rest >> 8 ^ table[Int(UInt8(truncatingIfNeeded: rest) ^ byte)]
    }
  }
}
