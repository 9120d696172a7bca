import Foundation
import TestSupport
import Testing

@testable import Support

@Suite("Files and folders read")
struct ReadingTests {
  private let folder = TestFolder()

  @Test("an open file is read as far as it goes, and no further")
  func reading() throws {
    try AtomicFile.write("abcdef", to: folder / "a")
    let file = try OpenFile(folder / "a")
    #expect(file.length == 6)
    #expect(try file.read(from: 2, count: 3) == Array("cde".utf8))
    var bytes = [UInt8](repeating: 0, count: 4)
    let (count, failure) = bytes.withUnsafeMutableBytes { file.readToEnd(from: 4, into: $0) }
    #expect(count == 2 && failure == nil && bytes == Array("ef".utf8) + [0, 0])
    #expect(throws: FileProblem(folder / "a", "was cut short while it was read")) {
      try file.read(from: 4, count: 3)
    }
    var blocks = ""
    try file.blocks(of: 1..<5) { blocks += String(decoding: $0, as: UTF8.self) }
    #expect(blocks == "bcde")
  }

  @Test("what is no ordinary file is refused without waiting")
  func kinds() throws {
    #expect(mkfifo(folder / "pipe", 0o600) == 0)
    for path in [folder / "pipe", folder / ".", "/dev/zero"] {
      #expect(throws: FileProblem(path, "is not an ordinary file")) { try OpenFile(path) }
    }
    let absent = FileProblem(folder / "absent", "cannot be read: there is no such file or folder")
    #expect(throws: absent) { try OpenFile(folder / "absent") }
    try AtomicFile.write("", to: folder / "a")
    #expect(throws: FileProblem.self) { try OpenFile(folder / "a\0b") }
  }

  /// Were it closed twice, another thread's file would be, that got the same descriptor in between.
  @Test("what is refused is closed once")
  func refusedIsClosedOnce() throws {
    let (path, refused) = (folder / "a", folder.path)
    try AtomicFile.write("a", to: path)
    DispatchQueue.concurrentPerform(iterations: 4) { lane in
      for _ in 0..<2000 {
        if lane % 2 == 0 {
          _ = try? OpenFile(opening: refused)
        } else {
          let file = Descriptor.open(path, O_RDONLY | O_CLOEXEC)
          #expect(file >= 0 && close(file) == 0)
        }
      }
    }
  }

  @Test("the names in a folder come by their bytes, hidden ones too")
  func names() throws {
    for name in ["b", "B", "ä", ".hidden", "a"] { try AtomicFile.write("", to: folder / name) }
    #expect(try FolderNames.all(in: folder / ".") == [".hidden", "B", "a", "b", "ä"])
    #expect(throws: OpenFile.Failure.self) { try FolderNames.all(in: folder / "absent") }
  }

  @Test("the CPU's name and features are read from the first processor")
  func processor() {
    let processor = Processor(
      cpuinfo: "processor\t: 0\nmodel name\t: A CPU\nflags\t\t: fpu avx2\n\nflags\t: other\n")
    #expect(processor.model == "A CPU")
    #expect(processor.features == ["fpu", "avx2"])
    #expect(Processor(cpuinfo: "").model == "unknown")
    #expect(SystemFile.field("VmHWM", in: "Name:\tarbex\nVmHWM:\t  2048 kB\n") == "2048 kB")
  }
}
