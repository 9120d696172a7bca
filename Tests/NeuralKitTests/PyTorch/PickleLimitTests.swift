import Foundation
import NeuralKit
import Support
import TestSupport
import Testing

@Suite("PyTorch files: limits are told as limits")
struct PickleLimitTests {
  private func message(_ bytes: [UInt8]) throws -> String {
    let folder = TestFolder()
    let path = try folder.file(bytes)
    do {
      let file = try WeightFile(path)
      return "read \(file.names.sorted().joined(separator: ", "))"
    } catch { return "\(error)".replacing(path, with: "FILE") }
  }

  /// A dictionary of one array and of what `more` writes.
  private func pickle(_ more: (inout PickleWriter) -> Void) -> [UInt8] {
    var pickle = PickleWriter()
    pickle.bytes += Array("}(".utf8)
    pickle.text("w")
    pickle.tensor("0", count: 1, shape: [1])
    more(&pickle)
    pickle.bytes += Array("u.".utf8)
    return pickle.bytes
  }

  /// An array of NumPy lies within the pickle, as `torch.save` writes it: its numbers are one long text.
  private func array(_ name: String, length: Int, in pickle: inout PickleWriter) {
    pickle.text(name)
    pickle.global("numpy.core.multiarray", "_reconstruct")
    pickle.bytes += Array("(".utf8)
    pickle.global("numpy", "ndarray")
    pickle.bytes += Array("tR(".utf8)
    pickle.text(String(repeating: "x", count: length))
    pickle.bytes += Array("tb".utf8)
  }

  @Test("numbers of NumPy beside the weights are passed over, however many they are")
  func numbers() throws {
    let bytes = pickle { array("a", length: 70 << 20, in: &$0) }
    #expect(try message(TorchWriter.zip(bytes, [[1]])) == "read w")
  }

  @Test("a file of NumPy's arrays alone is told so, with what to do")
  func numpy() throws {
    var writer = PickleWriter()
    writer.bytes += Array("}(".utf8)
    for name in ["a", "b"] { array(name, length: 2 << 20, in: &writer) }
    writer.bytes += Array("u.".utf8)
    let told = try message(TorchWriter.zip(writer.bytes, []))
    #expect(
      told.hasPrefix(
        "FILE: is not a readable PyTorch file: it holds NumPy arrays (a, b), which are not read; "))
    #expect(told.contains("torch.from_numpy"))
  }

  @Test("a pickle that is cut within its numbers is damaged")
  func cut() throws {
    let bytes = pickle { array("a", length: 2 << 20, in: &$0) }
    let told = try message(TorchWriter.zip(Array(bytes.dropLast(1 << 20)), [[1]]))
    #expect(told.contains("its pickle announces 2097152 bytes") && told.contains("are left"))
  }

  @Test("too many names, dimensions or modules are named as what they are")
  func limits() throws {
    // 700 texts of 100,000 bytes are 70 MB.
    let long = pickle { writer in
      writer.text("texts")
      writer.bytes += Array("](".utf8)
      for _ in 0..<700 { writer.text(String(repeating: "x", count: 100_000)) }
      writer.bytes += Array("e".utf8)
    }
    #expect(
      try message(TorchWriter.zip(long, [[1]])).hasSuffix(
        "longer than the 67108864 bytes that are read, the limit"))
    let deep = pickle { writer in
      writer.text("deep")
      writer.tensor("0", count: 1, shape: [Int](repeating: 1, count: 17))
    }
    #expect(
      try message(TorchWriter.zip(deep, [[1]])).hasSuffix(
        "a tensor in it has 17 dimensions; at most 16 are read"))
  }
}
