/// Writes PNG files of every kind by hand, without compression, so that tests can say what is in them, and lie.
struct PNGMaker {
  var width = 2
  var height = 2
  var depth: UInt8 = 8
  /// 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
  var kind: UInt8 = 2
  var interlaced = false
  /// Rows of all passes, each after its filter byte.
  var data: [UInt8] = []
  /// A zlib stream to stand for ``data``.
  var packed: [UInt8]? = nil
  /// Chunks before the data.
  var extra: [(name: String, content: [UInt8])] = []

  var file: [UInt8] {
    let header = number(width) + number(height) + [depth, kind, 0, 0, interlaced ? 1 : 0]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
      + extra.flatMap { chunk($0.name, $0.content) } + chunk("IDAT", packed ?? Self.stored(data))
      + chunk("IEND", [])
  }

  private func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 0xFF) } }

  private func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    return number(content.count) + body + number(Int(checksum(body)))
  }

  private static let checksums: [UInt32] = (0..<256).map { byte -> UInt32 in
    var value = UInt32(byte)
    for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1 }
    return value
  }

  /// CRC-32 (ISO 3309).
  private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
      let place = Int(UInt8(truncatingIfNeeded: sum) ^ byte)
      sum = Self.checksums[place] ^ (sum >> 8)
    }
    return ~sum
  }

  /// A zlib stream with one stored block (RFC 1950, RFC 1951); at most 65535 bytes.
  static func stored(_ bytes: [UInt8]) -> [UInt8] {
    let count = UInt16(bytes.count)
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    return [
      0x78, 0x01, 0x01, UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8),
    ] + bytes
      + (0..<4).map { UInt8((b << 16 | a) >> (24 - 8 * $0) & 0xFF) }
  }
}

/// A small valid picture: width x height, one colour.
func plainPNG(width: Int = 2, height: Int = 2, _ colour: [UInt8] = [200, 100, 50]) -> [UInt8] {
  let row: [UInt8] = [0] + Array(repeating: colour, count: width).joined()
  return PNGMaker(width: width, height: height, data: Array(Array(repeating: row, count: height).joined()))
    .file
}
