import Foundation
import TensorKit
import TestSupport
import Testing

@testable import NeuralKit
import Support

/// Files that PyTorch wrote (`Tests/Fixtures/Weights/make.py`), against what PyTorch itself found in them.
@Suite("PyTorch files")
struct PyTorchFileTests {
  private struct Expected: Decodable {
    let shape: [Int]
    let values: [Float]
  }

  private static let folder = Golden.folder.appendingPathComponent("Weights")
  private static let expected: [String: [String: Expected]] = {
    let data = try? Data(contentsOf: folder.appendingPathComponent("expected.json"))
    return data.flatMap { try? JSONDecoder().decode([String: [String: Expected]].self, from: $0) } ?? [:]
  }()

  private func open(_ name: String) throws -> WeightFile {
    try WeightFile(Self.folder.appendingPathComponent(name).path)
  }

  @Test("names, shapes and numbers are PyTorch's own, in both formats", arguments: expected.keys.sorted())
  func values(_ name: String) throws {
    let file = try open(name)
    try file.verifyDigest()
    let expected = try #require(Self.expected[name])
    #expect(file.names == expected.keys.sorted())
    #expect(file.format == (name.contains("-zip") ? .pytorchZip : .pytorchLegacy))
    for (array, known) in expected {
      let found = try file.tensor(array)
      #expect(found.shape == known.shape, "\(array)")
      #expect(found.values == known.values, "\(array)")
    }
  }

  @Test("there are fixtures of both formats")
  func count() { #expect(Self.expected.count == 11) }

  @Test(
    "a checkpoint is unwrapped; what it drags along is named",
    arguments: ["checkpoint-zip.pth", "checkpoint-old.pth"])
  func checkpoint(_ name: String) throws {
    let file = try open(name)
    #expect(file.wrappers == ["state_dict", "module."])
    #expect(file.skipped.contains("__main__.RecorderMeter") && file.skipped.contains("argparse.Namespace"))
    #expect(!file.skipped.contains { $0.hasPrefix("collections") || $0.hasPrefix("torch.") })
    #expect(Set(["epoch", "best_acc", "recorder", "optimizer", "args"]).isSubset(of: file.besides))
    #expect(file.type(of: "norm.num_batches_tracked") == .int64)
  }

  @Test("a network saved in pieces is read whole; a running average of it stays aside")
  func pieces() throws {
    let array = { (value: Float) in StoredArray(shape: [1], values: [value]) }
    let folder = TestFolder()
    let file = try WeightFile(
      folder.file(
        TorchWriter.checkpoint(of: [
          ("ema_state_dict", [("body.weight", array(1)), ("body.bias", array(2))]),
          ("fc_state_dict", [("weight", array(3)), ("bias", array(4))]),
          ("model_state_dict", [("body.weight", array(5)), ("body.bias", array(6))]),
        ])))
    #expect(file.names == ["body.bias", "body.weight", "fc.bias", "fc.weight"])
    #expect(try file.tensor("body.bias").values == [6] && file.tensor("fc.weight").values == [3])
    #expect(file.wrappers == ["model_state_dict"])
    #expect(file.besides.sorted() == ["ema_state_dict", "iter", "optimizer_state_dict"])
  }

  @Test("nested wrappers, and prefixes in any order, come off")
  func compiled() throws {
    #expect(try open("compiled-zip.pth").wrappers == ["model", "state_dict", "_orig_mod.", "module."])
    #expect(try open("module-zip.pth").wrappers == ["net", "module __main__.Net"])
  }

  @Test(
    "what cannot be read says why",
    arguments: [
      ("sparse.pth", "\"w\": it is sparse"), ("quantised.pth", "\"w\": it is quantised"),
      ("complex.pth", "of the kind ComplexFloatStorage"),
      ("optimiser.pth", "the state of an optimiser and no weights"),
      ("tensor.pth", "a single tensor, not a set of named arrays"), ("script.pth", "a TorchScript program"),
    ])
  func refused(_ name: String, _ reason: String) throws {
    let problem = #expect(throws: FileProblem.self) { try open(name) }
    #expect(problem?.path.hasSuffix(name) == true)
    #expect(problem?.message.contains(reason) == true, "\(problem?.message ?? "")")
  }

  @Test("one changed byte of the numbers is noticed by the archive's checksum")
  func checksum() throws {
    let folder = TestFolder()
    var bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("types-zip.pth")))
    let numbers = withUnsafeBytes(of: Float(100.25)) { Array($0) }
    let place = try #require((0..<bytes.count - 4).first { Array(bytes[$0..<$0 + 4]) == numbers })
    bytes[place] ^= 1
    let file = try WeightFile(folder.file(bytes))
    let problem = #expect(throws: FileProblem.self) { try file.verifyDigest() }
    #expect(problem?.message.contains("does not match its checksum") == true)
  }

  @Test(
    "other files that people take for weights",
    arguments: [
      ("<!DOCTYPE html><html>", "is a web page"),
      ("version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
      ("GGUF....", "GGUF"), ("\u{1F}", "is not a valid safetensors file"), ("", "is empty"),
    ])
  func foreign(_ text: String, _ reason: String) throws {
    let folder = TestFolder()
    let problem = #expect(throws: FileProblem.self) { try WeightFile(folder.file(Array(text.utf8))) }
    #expect(problem?.message.contains(reason) == true, "\(problem?.message ?? "")")
  }

  /// A header of 0x3C bytes begins like a web page, one of 0x0280 like a pickle.
  @Test("a safetensors header may have any length", arguments: [0x3C, 0x280, 0x8B1F])
  func lengths(_ length: Int) throws {
    let folder = TestFolder()
    var header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}"
    header += String(repeating: " ", count: length - header.utf8.count)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
    #expect(try WeightFile(folder.file(size + Array(header.utf8))).names == ["a"])
  }
}
