import Support
import Testing

@Suite("Checksums")
struct ChecksumTests {
  private func checksum(_ parts: String...) -> UInt32 {
    var sum = CRC32()
    for part in parts { Array(part.utf8).withUnsafeBytes { sum.update($0) } }
    return sum.value
  }

  /// The check value of the definition: "123456789" has 0xCBF43926.
  @Test("CRC-32 of a text, whole and in parts, one of them empty")
  func crc() {
    #expect(checksum("123456789") == 0xCBF4_3926)
    #expect(checksum("1234", "", "56789") == 0xCBF4_3926)
    #expect(checksum() == 0)
  }

  /// RFC 3720, section B.4, whose bytes of each sum stand with the lowest first; and the check value of the definition.
  @Test("CRC-32C of the published examples")
  func crc32C() {
    #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.of([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.of([UInt8](0..<32)) == 0x46DD_794E)
    #expect(CRC32C.of([UInt8](0..<32).reversed()) == 0x113F_DB5C)
    var read = [UInt8](repeating: 0, count: 48)
    for (place, byte) in [0: 0x01, 1: 0xC0, 16: 0x14, 22: 0x04, 27: 0x14, 31: 0x18, 32: 0x28, 40: 0x02]
      as [Int: UInt8]
    {
      read[place] = byte
    }
    #expect(CRC32C.of(read) == 0xD996_3A56)
    #expect(CRC32C.of(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.of([]) == 0)
  }

  /// FIPS 180-4's example: the SHA-256 of "abc".
  @Test("SHA-256 of a text")
  func sha256() {
    #expect(Digest.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
