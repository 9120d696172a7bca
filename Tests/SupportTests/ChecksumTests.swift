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

  /// FIPS 180-4's example: the SHA-256 of "abc".
  @Test("SHA-256 of a text")
  func sha256() {
    #expect(Digest.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
