import Foundation
import TestSupport
import Testing

@testable import Support

@Suite("Descriptors, streams and folders", .serialized)
struct StreamTests {
  private let folder = TestFolder()

  init() { signal(SIGPIPE, SIG_IGN) }

  /// A pipe holds 64 KiB, so that a megabyte takes many writes, each of which finds it full.
  @Test("all bytes are written, also to a descriptor that does not wait")
  func slow() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    for end in ends { #expect(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
    let (from, to) = (ends[0], ends[1])
    defer { for end in ends { close(end) } }
    let sent = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 * 31) }
    let writer = Thread { _ = sent.withUnsafeBytes { Descriptor.write($0, to: to) } }
    writer.start()
    var (got, failure) = ([UInt8](), Int32(0))
    while got.count < sent.count, failure == 0 {
      got += Descriptor.read(from, atMost: 3000, failure: &failure)
    }
    #expect(got == sent && failure == 0)
  }

  @Test("a failure is told by its code")
  func failures() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    defer { close(ends[1]) }
    #expect(Descriptor.write("x", to: ends[1]) == EPIPE)
    #expect(Descriptor.write("x", to: -1) == EBADF)
    #expect(Descriptor.write("", to: ends[1]) == 0)
    let full = open("/dev/full", O_RDWR)
    defer { close(full) }
    #expect(Descriptor.write("x", to: full) == ENOSPC)
    var failure: Int32 = 0
    #expect(Descriptor.read(-1, atMost: 8, failure: &failure).isEmpty && failure == EBADF)
  }

  @Test(
    "why standard output took no more",
    arguments: [
      (EPIPE, false, OutputProblem.Reason.readerGone), (EIO, true, .readerGone), (EIO, false, .failed),
      (ENOSPC, true, .failed), (EBADF, false, .closed), (EFBIG, false, .failed), (EDQUOT, false, .failed),
    ])
  func reasons(code: Int32, wasTerminal: Bool, reason: OutputProblem.Reason) {
    let problem = StandardStream.problem(code, wasTerminal: wasTerminal)
    #expect(problem.reason == reason && problem.description.hasPrefix("standard output"))
  }

  @Test("folders are made with those above them; what is in the way is told")
  func folders() throws {
    try FileSystem.makeFolder(folder / "a/b/c")
    try FileSystem.makeFolder(folder / "a/b/c/")
    try FileSystem.makeFolder(folder / "a//b/./d")
    #expect(FileManager.default.fileExists(atPath: folder / "a/b/d"))
    try Data().write(to: folder.url("file"))
    for path in [folder / "file", folder / "file/below"] {
      let expected = FileProblem(path, "cannot be made a folder: part of its path is a file, not a folder")
      #expect(throws: expected) { try FileSystem.makeFolder(path) }
    }
    let long = folder / String(repeating: "x", count: 300)
    #expect(throws: FileProblem(long, "cannot be made a folder: its name is too long")) {
      try FileSystem.makeFolder(long)
    }
    #expect(throws: FileProblem.self) { try FileSystem.makeFolder("") }
  }

  @Test("a full disk: what is free, what is needed, and whose fault it is not")
  func fullDisk() {
    let plain = AtomicFile.problem(folder / "a", "written", ENOSPC)
    #expect(plain.message.contains(#/ \([0-9.]+ [MG]B free\); free some, or write elsewhere/#))
    #expect(!plain.isRequest)
    let sized = AtomicFile.problem("/nowhere/a", "written", ENOSPC, size: 85_300_000)
    #expect(
      sized.message
        == "cannot be written: no space is left on its disk (free space unknown, 86 MB needed); free some, or write elsewhere"
    )
    let small = AtomicFile.problem("/nowhere/a", "written", ENOSPC, size: 1_250_000)
    #expect(small.message.contains("1.3 MB needed"))
  }
}
