import FERData
import Foundation
import Support
import TestSupport
import Testing

@testable import FERTraining

@Suite("What a run was trained on")
struct DataFingerprintTests {
  private typealias Entry = DataFingerprint.Entry

  /// SHA-256 of "abc" from FIPS 180-2, appendix B.1.
  @Test("size and digest of a file; neither where there is none")
  func files() throws {
    let folder = TestFolder()
    try Data("abc".utf8).write(to: folder.url("a.png"))
    let entry = Entry(set: "train", file: "a.png", class: "sad")
    let read = DataFingerprint.Open(entry: entry, path: folder / "a.png").read()
    #expect(read.bytes == 3)
    #expect(read.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      read.line
        == #"{"set": "train", "file": "a.png", "class": "sad", "bytes": 3, "sha256": "\#(read.sha256 ?? "")"}"#
    )
    #expect(DataFingerprint.Open(entry: entry, path: folder / "b.png").read() == entry)
    #expect(DataFingerprint.Open(entry: entry, path: "").read() == entry)
  }

  @Test("what is other is told by name")
  func differences() {
    func made(_ entries: [Entry]) -> DataFingerprint { DataFingerprint(entries) }
    func image(_ name: String, _ label: String = "sad", bytes: Int? = 9, _ digest: String? = "00") -> Entry {
      Entry(set: "train", file: name, class: label, bytes: bytes, sha256: digest)
    }
    let before = made([
      image("a"), image("b"), image("c"), Entry(set: "labels", file: "teacher", sha256: "1"),
    ])
    #expect(before.differences(to: before).isEmpty)
    let after = made([
      image("a", "01"), image("a"), image("c", "sad", bytes: 8, "02"), image("d"),
      Entry(set: "labels", file: "teacher", sha256: "2"),
    ])
    #expect(
      before.differences(to: after) == [
        "train: a: was sad, is 01", "train: b: is missing", "train: c: has changed: 9 bytes then, 8 now",
        "labels: teacher: has changed", "train: a (2): was not there", "train: d: was not there",
      ])
    #expect(
      made([image("a")]).differences(to: made([image("a", "sad", "01")])) == [
        "train: a: has changed; still 9 bytes"
      ])
    #expect(
      made([image("a")]).differences(to: made([image("a", "sad", bytes: nil, nil)])) == [
        "train: a: cannot be read"
      ])
    #expect(
      made([image("a"), image("b")]).differences(to: made([image("b"), image("a")])) == [
        "the same files come in another order"
      ])
  }

  @Test("is the same in equal runs, stays when a run is resumed, and can be read back")
  func runs() throws {
    let shop = try Workshop()
    try shop.run("whole")
    try shop.run("split", steps: 3)
    let bytes = try #require(shop.bytes("split/data.jsonl"))
    #expect(bytes.split(separator: 10).count == 21 + 9)
    // A changed file shows that it is not made again.
    let marked = try #require(String(data: bytes, encoding: .utf8)?.replacing("face 20", with: "face x"))
    try Data(marked.utf8).write(to: URL(fileURLWithPath: shop.path + "/split/data.jsonl"))
    try shop.run("split")
    #expect(shop.bytes("split/data.jsonl") == Data(marked.utf8))
    #expect(shop.bytes("whole/data.jsonl") == bytes)
    let read = try #require(try DataFingerprint(ofRun: shop.path + "/whole"))
    #expect(Data(read.text.utf8) == bytes)
    let split = try #require(try DataFingerprint(ofRun: shop.path + "/split"))
    #expect(read.differences(to: split) == ["train: face 20: is missing", "train: face x: was not there"])
    #expect(try DataFingerprint(ofRun: shop.path) == nil)
    try Data("{}\n".utf8).write(to: URL(fileURLWithPath: shop.path + "/split/data.jsonl"))
    #expect(throws: FileProblem.self) { try DataFingerprint(ofRun: shop.path + "/split") }
  }
}
