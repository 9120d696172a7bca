import Foundation
import TestSupport
import Testing

@testable import Support
import Support

@Suite("Files written whole or not at all", .serialized)
struct AtomicFileTests {
  private let folder = TestFolder()

  private func content(_ name: String) -> String? {
    try? String(contentsOf: folder.url(name), encoding: .utf8)
  }

  @Test("a new file, then a replaced one, and nothing left beside")
  func replaces() throws {
    try AtomicFile.write("one", to: folder / "a")
    try AtomicFile.write("two", to: folder / "a")
    #expect(content("a") == "two")
    #expect(folder.names() == ["a"])
  }

  @Test("a failure while writing keeps the old file and leaves nothing beside")
  func failureKeepsOld() throws {
    struct Failure: Error {}
    try AtomicFile.write("old", to: folder / "a")
    #expect(throws: Failure.self) {
      try AtomicFile.write(to: folder / "a") { sink in
        try sink.write("half")
        throw Failure()
      }
    }
    #expect(content("a") == "old")
    #expect(folder.names() == ["a"])
  }

  @Test("a pipe, a device behind a link, a folder: nothing takes their place")
  func ordinary() throws {
    #expect(mkfifo(folder / "pipe", 0o600) == 0 && symlink("/dev/null", folder / "link") == 0)
    try FileSystem.makeFolder(folder / "below")
    for (name, kind) in [("pipe", "a pipe"), ("link", "a device"), ("below", "a folder")] {
      let expected = FileProblem(
        folder / name, "cannot be written: it is \(kind); name an ordinary file")
      #expect(throws: expected) { try AtomicFile.write("x", to: folder / name) }
    }
    #expect(throws: FileProblem.self) { try AtomicFile.write("x", to: "/dev/arbex-test") }
    #expect(folder.names() == ["below", "link", "pipe"])
  }

  /// The limit is the process's own, so that a write beyond it fails with EFBIG as on a full file system.
  @Test(
    "beyond the file size limit: a sentence, the old file, nothing beside, and no signal kills the process")
  func sizeLimit() throws {
    try AtomicFile.write("old", to: folder / "a")
    var before = rlimit()
    #expect(getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &before) == 0)
    // Above what other tests write meanwhile: weights of a few hundred megabytes.
    var limit = before
    limit.rlim_cur = 1_000_000_000
    #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
    defer { setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &before) }
    let megabyte = [UInt8](repeating: 7, count: 1_000_000)
    let problem = #expect(throws: FileProblem.self) {
      try AtomicFile.write(to: folder / "a") { sink in
        for _ in 0..<1001 { try sink.write(megabyte) }
      }
    }
    #expect(problem?.message.contains("larger than the process or file system allows") == true)
    #expect(problem?.isRequest == false)
    #expect(content("a") == "old")
    #expect(folder.names() == ["a"])
  }

  @Test(
    "each failure has its sentence",
    arguments: [(ENOSPC, "no space"), (EDQUOT, "quota"), (EIO, "input/output"), (EROFS, "read-only")])
  func sentences(code: Int32, words: String) {
    let problem = AtomicFile.problem(folder / "a", "written", code)
    #expect(problem.description.hasPrefix(folder / "a: cannot be written: "))
    #expect(problem.message.contains(words))
  }

  @Test("a path through a file, a missing folder, a folder in the file's place")
  func impossiblePlaces() throws {
    try AtomicFile.write("x", to: folder / "file")
    let cases = [
      ("file/a", "a file, not a folder"), ("absent/a", "no such file or folder"),
      (".", "it is a folder"),
    ]
    for (path, words) in cases {
      let problem = #expect(throws: FileProblem.self) { try AtomicFile.write("y", to: folder / path) }
      #expect(problem?.description.contains(words) == true, "\(problem?.description ?? "")")
    }
    #expect(folder.names() == ["file"])
  }

  @Test("names of 255 bytes, blanks and other scripts; leftovers of killed writes are removed")
  func namesAndLeftovers() throws {
    let long = String(repeating: "n", count: 255)
    for name in [long, "with blank", "Gesichter-表情"] { try AtomicFile.write("x", to: folder / name) }
    try "half".write(to: folder.url(AtomicFile.temporaryPrefix + "1-1"), atomically: false, encoding: .utf8)
    AtomicFile.removeLeftovers(in: folder.path)
    #expect(folder.names() == ["Gesichter-表情", long, "with blank"].sorted())
  }
}
