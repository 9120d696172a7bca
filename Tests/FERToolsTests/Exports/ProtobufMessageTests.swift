import Foundation
import Support
import TensorKit
import TestSupport
import Testing

@testable import FERTools

@Suite("Protobuf's wire format")
struct ProtobufMessageTests {
  private func bytes(_ fill: (inout ProtobufMessage) -> Void) throws -> [UInt8] {
    var message = ProtobufMessage()
    fill(&message)
    let folder = TestFolder()
    try AtomicFile.write(to: folder / "message") { try message.write(to: $0) }
    let written = [UInt8](try Data(contentsOf: folder.url("message")))
    #expect(written.count == message.count)
    return written
  }

  /// The first three are the worked examples of protobuf.dev, "Encoding": 150 as field 1, "testing" as field 2, and the first
  /// as field 3 of another message. -2 is its example of a negative int64. 1 as a float is 3f800000.
  @Test("numbers, texts and messages")
  func examples() throws {
    #expect(try bytes { $0.add(1, 150) } == [0x08, 0x96, 0x01])
    #expect(try bytes { $0.add(2, "testing") } == [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67])
    #expect(
      try bytes { outer in
        var inner = ProtobufMessage()
        inner.add(1, 150)
        outer.add(3, inner)
      } == [0x1a, 0x03, 0x08, 0x96, 0x01])
    #expect(try bytes { $0.add(1, -2) } == [0x08, 0xfe] + [UInt8](repeating: 0xff, count: 8) + [0x01])
    #expect(try bytes { $0.add(2, Float(1)) } == [0x15, 0, 0, 0x80, 0x3f])
    // Field 16 takes two bytes: 16 · 8 = 128.
    #expect(try bytes { $0.add(16, 0) } == [0x80, 0x01, 0x00])
  }

  @Test("arrays lie in them as bytes, the lowest first")
  func arrays() throws {
    #expect(
      try bytes { $0.add(9, numbers: Tensor([2], [1, -2])) } == [0x4a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
    #expect(
      try bytes { $0.add(9, integers: [258, -1]) }
        == [0x4a, 16, 2, 1, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0xff, count: 8))
  }
}
