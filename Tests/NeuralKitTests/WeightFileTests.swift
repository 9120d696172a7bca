import Foundation
import TensorKit
import TestSupport
import Testing

@testable import NeuralKit
import Support

@Suite("Weight files")
struct WeightFileTests {
  private let folder = TestFolder()

  // MARK: round trips

  @Test("what is written is read back, names, shapes, texts and bits")
  func roundTrip() throws {
    let path = folder / "a.safetensors"
    let tensors: [String: Tensor] = [
      "b": Tensor([2, 3], [1, -0.0, 3.5, .leastNonzeroMagnitude, 5, .greatestFiniteMagnitude]),
      "a.weight": .scalar(7),
      "empty": .zeros([0, 4]), "../../odd \"name\"\n": .ones([2]),
    ]
    let metadata = ["classes": "[\"joy\", \"Ärger\"]", "quote": "a\"b\\c\u{1}"]
    try WeightFile.write(tensors, metadata: metadata, to: path)
    let file = try WeightFile(path)
    try file.verifyDigest()
    #expect(file.names == tensors.keys.sorted())
    for (name, tensor) in tensors {
      #expect(try file.tensor(name).shape == tensor.shape)
      #expect(try file.tensor(name).values.map(\.bitPattern) == tensor.values.map(\.bitPattern))
    }
    for (key, text) in metadata { #expect(file.metadata[key] == text) }
  }

  @Test("the same content has the same bytes")
  func sameBytes() throws {
    let tensors: [String: Tensor] = ["a": .ones([3]), "b": .zeros([2])]
    try WeightFile.write(tensors, metadata: ["x": "1", "y": "2"], to: folder / "1")
    try WeightFile.write(tensors, metadata: ["y": "2", "x": "1"], to: folder / "2")
    #expect(try Data(contentsOf: folder.url("1")) == Data(contentsOf: folder.url("2")))
  }

  @Test("a golden file written by Python is read")
  func python() throws {
    let file = try WeightFile(Golden.folder.appendingPathComponent("op_linear.safetensors").path)
    let golden = try Golden("op_linear")
    #expect(file.names == golden.arrays.keys.sorted())
    for name in file.names { #expect(try file.tensor(name).values == golden[name].values) }
    #expect(!file.hasDigest)
  }

  /// Bit patterns by hand: 1.5 as half is 0x3E00, as bfloat 0x3FC0.
  @Test("other number types become floats")
  func types() throws {
    func one(_ type: String, _ bytes: [UInt8]) throws -> Float {
      let path = try folder.file(header: entry(type, "[1]", 0, bytes.count), bytes)
      return try WeightFile(path).tensor("a").item
    }
    #expect(try one("F16", [0x00, 0x3E]) == 1.5)
    #expect(try one("BF16", [0xC0, 0x3F]) == 1.5)
    #expect(try one("F64", withUnsafeBytes(of: -2.25) { Array($0) }) == -2.25)
    #expect(try one("I64", withUnsafeBytes(of: Int64(-3)) { Array($0) }) == -3)
    #expect(try one("U8", [200]) == 200)
  }

  // MARK: damage

  @Test("every single flipped bit of a file with a digest is noticed")
  func bitFlips() throws {
    let path = folder / "whole"
    try WeightFile.write(["a": Tensor([3], [1, 2, 3])], metadata: ["step": "12"], to: path)
    let whole = [UInt8](try Data(contentsOf: folder.url("whole")))
    for bit in 0..<whole.count * 8 {
      var bytes = whole
      bytes[bit / 8] ^= 1 << (bit % 8)
      let damaged = try folder.file(bytes)
      #expect(throws: FileProblem.self, "bit \(bit % 8) of byte \(bit / 8)") {
        let file = try WeightFile(damaged)
        guard file.hasDigest else { throw FileProblem(damaged, "has no digest") }
        try file.verifyDigest()
      }
    }
  }

  @Test("a check in the background tells the same, as often as it is asked")
  func background() throws {
    let path = folder / "whole"
    try WeightFile.write(["a": Tensor([50_000], (0..<50_000).map(Float.init))], to: path)
    let sound = try WeightFile(path).startVerifyingDigest()
    for _ in 0..<2 { try sound.wait() }
    var bytes = [UInt8](try Data(contentsOf: folder.url("whole")))
    bytes[bytes.count - 70_000] ^= 1
    let check = try WeightFile(try folder.file(bytes)).startVerifyingDigest()
    for _ in 0..<2 {
      let problem = #expect(throws: FileProblem.self) { try check.wait() }
      #expect(problem?.description.contains("is damaged") == true)
    }
  }

  @Test("a file cut at any length is refused")
  func truncation() throws {
    let path = folder / "whole"
    try WeightFile.write(["a": Tensor([3], [1, 2, 3]), "b": .ones([5])], to: path)
    let whole = [UInt8](try Data(contentsOf: folder.url("whole")))
    for length in 0..<whole.count {
      let cut = try folder.file(Array(whole[..<length]))
      #expect(throws: FileProblem.self, "length \(length)") { try WeightFile(cut) }
    }
  }

  // MARK: attacks

  /// Headers that must be refused, and a word of the reason. The data is always eight bytes.
  static let badHeaders: [(header: String, reason: String)] = [
    ("[]", "begin with {"), (" {}", "begin with {"), ("{", "JSON"), ("{}x", "goes on"),
    ("{}", "belong to nothing"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, "JSON"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "belong to nothing"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, "cut short"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "backwards"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "needs 12 bytes"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "hole"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      "overlaps"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      "twice"
    ),
    (#"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "repeated key"),
    (#"{"__metadata__":{},"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "twice"),
    (#"{"__metadata__":{"k":"1","k":"2"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "twice"),
    (#"{"__metadata__":{"k":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "JSON"),
    (#"{"a":{"dtype":"F32","shape":[4194305,4194305,211106198978564],"data_offsets":[0,8]}}"#, "too large"),
    (#"{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}}"#, "too large"),
    (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, "too large"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#, "needs 8 bytes"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "whole number"),
    (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, "JSON"),
    (#"{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}"#, "whole number"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#, "pair"),
    (#"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#, "unknown dtype"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":[]}}"#, "unknown or repeated"),
    (#"{"a":{"dtype":"F32","shape":[[[[2]]]],"data_offsets":[0,8]}}"#, "whole number"),
    (#"{"a\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "half a character"),
    (#"{"a\q":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "unknown escape"),
    ("{\"a\u{1}\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "control character"),
    (#"{"a":{"dtype":"F32","shape":[2,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,8]}}"#, "too large"),
    (#"{"a":"#, "JSON"), (#"{"a"#, "within a text"),
  ]

  @Test("headers that the format does not allow are refused, with the reason", arguments: badHeaders)
  func badHeader(header: String, reason: String) throws {
    let path = try folder.file(header: header, Array(repeating: 0, count: 8))
    let problem = #expect(throws: FileProblem.self) { try WeightFile(path) }
    #expect(problem?.message.contains(reason) == true, "\(problem?.message ?? "") lacks \(reason)")
  }

  @Test("a broken header length is refused", arguments: [0, 1 << 20, 100_000_001, UInt64.max, 1 << 63])
  func badLength(length: UInt64) throws {
    let path = try folder.file(
      withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}      ".utf8))
    #expect(throws: FileProblem.self) { try WeightFile(path) }
  }

  @Test("a header that is not UTF-8 is refused")
  func notUTF8() throws {
    let header = Array("{\"".utf8) + [0xFF, 0xFE] + Array("\":{}}".utf8)
    let problem = #expect(throws: FileProblem.self) { try WeightFile(try folder.file(header: header, [])) }
    #expect(problem?.message.contains("UTF-8") == true)
  }

  @Test("100,000 arrays, 100,000 brackets and ten megabytes of blanks take linear time")
  func bulk() throws {
    let entries = (0..<100_000).map { entry("F32", "[0]", 0, 0, name: "t\($0)").dropFirst().dropLast() }
    let many = try folder.file(header: "{" + entries.joined(separator: ",") + "}", [])
    #expect(try WeightFile(many).names.count == 100_000)
    let deep = try folder.file(header: "{\"a\":" + String(repeating: "[", count: 100_000), [])
    #expect(throws: FileProblem.self) { try WeightFile(deep) }
    let blanks = try folder.file(header: "{}" + String(repeating: " ", count: 10_000_000), [])
    #expect(try WeightFile(blanks).names.isEmpty)
  }

  @Test("names with paths, NUL or a megabyte are only names, and printable in messages")
  func hostileNames() throws {
    let name = "../../x\u{0}\u{1b}[31m" + String(repeating: "y", count: 1_000_000)
    try WeightFile.write([name: .ones([1])], to: folder / "w")
    let problem = #expect(throws: FileProblem.self) { try WeightFile(folder / "w").tensor("absent") }
    #expect(problem.map { $0.message.count < 1000 && !$0.message.contains("\u{1b}") } == true)
  }

  @Test("what is no ordinary file is refused without waiting")
  func notOrdinary() throws {
    #expect(mkfifo(folder / "pipe", 0o600) == 0)
    #expect(symlink("loop", folder / "loop") == 0)
    for path in [
      folder / "pipe", folder / "loop", folder.path, "/dev/zero", folder / "absent", folder / "absent/x",
    ] {
      let problem = #expect(throws: FileProblem.self, "\(path)") { try WeightFile(path) }
      #expect(problem?.path == path)
    }
  }

  private func entry(_ type: String, _ shape: String, _ begin: Int, _ end: Int, name: String = "a") -> String
  {
    "{\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}}"
  }
}
