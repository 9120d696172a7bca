import FERCore
@testable import FERData
import Testing

@Suite("PNM files")
struct PortableAnymapTests {
  private func bytes(_ header: String, _ data: [UInt8] = []) throws -> [UInt8] {
    try ImageFile.decode(Array(header.utf8) + data, name: "made.pnm").bytes
  }

  private func problem(_ header: String, _ data: [UInt8] = []) -> String {
    do { return "\(try bytes(header, data))" } catch { return "\(error)" }
  }

  private func grey(_ values: UInt8...) -> [UInt8] { values.flatMap { [$0, $0, $0] } }

  @Test("PBM: 1 is black, as text with and without white space, and eight pixels a byte")
  func bits() throws {
    #expect(try bytes("P1\n3 2\n1 0 1\n0 1 1\n") == grey(0, 255, 0, 255, 0, 0))
    #expect(try bytes("P1 3 2 101011") == grey(0, 255, 0, 255, 0, 0))
    #expect(try bytes("P4\n3 2\n", [0b1010_0000, 0b0110_0000]) == grey(0, 255, 0, 255, 0, 0))
    // Nine pixels take two bytes.
    #expect(try bytes("P4 9 1\n", [0xFF, 0]) == grey(0, 0, 0, 0, 0, 0, 0, 0, 255))
  }

  /// 1 of 3 is 85; 100 of 200 is 127.5, so 128; 257 of 65535 is 1; 1000 of 4095 is 62.3.
  @Test("PGM and PPM of any largest value, as text and as bytes")
  func values() throws {
    #expect(try bytes("P2 4 1 3\n0 1 2 3") == grey(0, 85, 170, 255))
    #expect(try bytes("P5 4 1 3\n", [0, 1, 2, 3]) == grey(0, 85, 170, 255))
    #expect(try bytes("P5 2 1 200\n", [100, 200]) == grey(128, 255))
    #expect(try bytes("P5 3 1 65535\n", [1, 1, 0xFF, 0xFF, 0, 0x80]) == grey(1, 255, 0))
    #expect(try bytes("P5 2 1 4095\n", [3, 0xE8, 0x0F, 0xFF]) == grey(62, 255))
    #expect(try bytes("P2 1 1 4095 1000") == grey(62))
    #expect(try bytes("P3 2 1 255 1 2 3 4 5 6") == [1, 2, 3, 4, 5, 6])
    #expect(try bytes("P6 2 1 255\n", [1, 2, 3, 4, 5, 6]) == [1, 2, 3, 4, 5, 6])
    #expect(try bytes("P6 1 1 256\n", [0, 128, 1, 0, 0, 0]) == [128, 255, 0])
    // Bytes above the largest value count as the largest.
    #expect(try bytes("P5 1 1 3\n", [9]) == grey(255))
    // The second picture is not looked at.
    #expect(try bytes("P6 1 1 255\n", [1, 2, 3] + Array("P6 9 9 255\n".utf8)) == [1, 2, 3])
  }

  @Test("comments stand wherever white space may")
  func comments() throws {
    #expect(try bytes("P6#made by hand\n# 7 7\n 1#wide\r\n1 # high\n255\n", [1, 2, 3]) == [1, 2, 3])
    #expect(try bytes("P2 2 1 255 # the largest\n7 # then\n# 9\n8") == grey(7, 8))
    #expect(try bytes("P1 2 1\n1#0\n0") == grey(0, 255))
    // The raster's first byte is white space itself, behind the one that ends the header.
    #expect(try bytes("P5 2 1 255\n", [10, 35]) == grey(10, 35))
  }

  @Test("PAM: grey and RGB, with and without transparency")
  func named() throws {
    func header(_ depth: Int, _ largest: Int, _ kind: String) -> String {
      "P7\n# a comment\nWIDTH 2\nHEIGHT 1\nDEPTH \(depth)\nMAXVAL \(largest)\nTUPLTYPE \(kind)\nENDHDR\n"
    }
    #expect(try bytes(header(1, 1, "BLACKANDWHITE"), [0, 1]) == grey(0, 255))
    #expect(try bytes(header(2, 255, "GRAYSCALE_ALPHA"), [7, 0, 8, 9]) == grey(7, 8))
    #expect(try bytes(header(3, 255, "RGB"), [1, 2, 3, 4, 5, 6]) == [1, 2, 3, 4, 5, 6])
    #expect(
      try bytes(header(4, 65_535, "RGB_ALPHA"), [1, 1, 2, 2, 3, 3, 0, 0, 4, 4, 5, 5, 6, 6, 9, 9]) == [
        1, 2, 3, 4, 5, 6,
      ])
    #expect(
      problem(header(4, 255, "CMYK"))
        == "made.pnm: is a PAM file of tuples CMYK; grey and RGB are read; convert it to PNG")
    #expect(
      problem(header(7, 255, "RGB"))
        == "made.pnm: is a PAM file of 7 values a pixel; 1 to 4 are read; convert it to PNG")
    #expect(
      problem("P7\nWIDTH 2\nDEEP 4\nENDHDR\n") == "made.pnm: is damaged: a PAM file's header has no DEEP")
  }

  @Test("what is damaged or cut off is told")
  func refused() {
    let cut = "made.pnm: is cut off: the PNM data end before the picture does"
    for (header, data) in [
      ("P6 1 1 255\n", [1, 2]), ("P4 9 2\n", [1, 2, 3]), ("P5 1 1 256\n", [1]), ("P6 1", []), ("P5 1 1", []),
      ("P1 2 2 1 0 1", []), ("P2 3 1 255 1 2", []), ("P3 1 1 255 1 222", []), ("P7\nWIDTH 3\n", []),
      ("P6 30000 2000 65535\n", [0]), ("P1 8192 8192 0", []),
    ] as [(String, [UInt8])] {
      #expect(problem(header, data) == cut, "\(header)")
    }
    for (header, sentence) in [
      ("P2 1 1 255 256", "is damaged: it holds the value 256, its largest is 255"),
      ("P2 1 1 255 -3 ", "is damaged: where a PNM file has a number stands -3"),
      ("P6 1 12345678901 255\n", "is damaged: where a PNM file has a number stands 12345678901"),
      ("P1 2 1 1 2", "is damaged: a pixel of a plain PBM file is neither 0 nor 1"),
      ("P6 1 1 0\n", "is a PNM file whose largest value is 0; 1 to 65535 are read"),
      ("P6 1 1 65536\n", "is a PNM file whose largest value is 65536; 1 to 65535 are read"),
      ("P6 0 4 255\n", "states a size of 0x4 pixels, so there is nothing to see"),
      (
        "P5 99999 1 255\n",
        "states a size of 99999x1 pixels; at most 32768 a side and 67108864 in all are read"
      ),
    ] {
      #expect(problem(header) == "made.pnm: " + sentence, "\(header)")
    }
  }
}
