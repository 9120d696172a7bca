import Foundation
import Support
import TestSupport
import Testing

@testable import FERTraining

@Suite("Data that are compared without being read")
struct DataStampsTests {
  private typealias Entry = DataFingerprint.Entry
  private let folder = TestFolder()

  /// A file of three letters; its time of change is set back only by making it an old one.
  private func file(_ name: String, _ text: String) throws -> DataFingerprint.Open {
    try Data(text.utf8).write(to: folder.url(name))
    return .init(entry: Entry(set: "train", file: name), path: folder / name)
  }

  @Test("a stamp is the same as long as nobody writes, also where size and time of writing are put back")
  func stamps() throws {
    let file = try file("a", "abc")
    let stamp = try #require(FileStamp(file.path))
    #expect(FileStamp(file.path) == stamp)
    #expect(FileStamp(text: stamp.text) == stamp)
    #expect(FileStamp(text: "1 2 3") == nil && FileStamp(text: "a b c d e") == nil)
    #expect(!stamp.isSettled, "it has just been written")
    #expect(FileStamp(folder / "absent") == nil)
    let date = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate]
    usleep(20_000)
    let handle = try FileHandle(forWritingTo: folder.url("a"))
    try handle.write(contentsOf: Data("abd".utf8))
    try handle.close()
    try FileManager.default.setAttributes([.modificationDate: date as Any], ofItemAtPath: file.path)
    #expect(FileStamp(file.path) != stamp)
  }

  /// A wrong digest under a right stamp comes back: so the file was not read.
  @Test("a file whose stamp is known is not read again; any other is")
  func now() throws {
    let files = try [file("a", "abc"), file("b", "abc"), file("c", "abc")]
    let wrong = String(repeating: "0", count: 64)
    let before = DataFingerprint(
      files.map { Entry(set: "train", file: $0.entry.file, bytes: 3, sha256: wrong) })
    let stamp = try #require(FileStamp(files[0].path))
    // The second was not settled, the third is another file now.
    DataStamps(of: before, [stamp, nil, FileStamp(text: "1 2 3 4 5")]).write(toRun: folder.path)
    let now = DataFingerprint.now(files, ofRun: folder.path, before: before)
    // SHA-256 of "abc" from FIPS 180-2, appendix B.1.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(now.entries.map(\.sha256) == [wrong, abc, abc])
    #expect(now.entries.map(\.bytes) == [3, 3, 3])
    // Stamps of another data.jsonl count for nothing.
    let other = DataFingerprint(
      files.map { Entry(set: "train", file: $0.entry.file, class: "sad", bytes: 3, sha256: wrong) })
    #expect(
      DataFingerprint.now(files, ofRun: folder.path, before: other).entries.map(\.sha256) == [abc, abc, abc])
  }

  @Test("what had to be read is known the next time, once nobody has written for some time")
  func kept() throws {
    let file = try file("a", "abc")
    usleep(3_100_000)
    let read = DataFingerprint([file.read()])
    #expect(DataFingerprint.now([file], ofRun: folder.path, before: read) == read)
    let stored = try #require(DataStamps(ofRun: folder.path, for: read))
    #expect(stored.byName(read).count == 1)
    #expect(file.readStamped().stamp == FileStamp(file.path))
  }
}
