import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Support

/// Folders into which a process writes only while it may.
@Suite("Permits to write")
struct WritePermitTests {
  private let folder = TestFolder()

  private struct Lost: Error {}

  /// Holds for so many questions.
  private final class Permit: WritePermit {
    private let left: Atomic<Int>
    init(holdsFor count: Int) { left = Atomic(count) }
    func check() throws { if left.load(ordering: .relaxed) <= 0 { throw Lost() } }
    func confirm() throws {
      try check()
      left.subtract(1, ordering: .relaxed)
    }
  }

  @Test(
    "asked before a file is begun and before it is put in place; what was there stays, and nothing beside it")
  func asked() throws {
    try FileSystem.makeFolder(folder / "job/below")
    try AtomicFile.write("old", to: folder / "job/below/a")
    for count in [0, 1] {
      WritePermits.grant(Permit(holdsFor: count), for: folder / "job")
      var hasBegun = false
      #expect(throws: Lost.self) {
        try AtomicFile.write(to: folder / "job/below/a", beforeReplacing: { Issue.record("put in place") }) {
          _ in
          hasBegun = true
        }
      }
      #expect(hasBegun == (count == 1))
      #expect(try FolderNames.all(in: folder / "job/below") == ["a"])
      #expect(try FileSystem.text(of: folder / "job/below/a") == "old")
    }
    WritePermits.grant(Permit(holdsFor: 2), for: folder / "job")
    try AtomicFile.write("new", to: folder / "job/below/a")
    #expect(throws: Lost.self) { try AtomicFile.write("newer", to: folder / "job/below/a") }
    WritePermits.withdraw(for: folder / "job")
    try AtomicFile.write("newest", to: folder / "job/below/a")
    #expect(try FileSystem.text(of: folder / "job/below/a") == "newest")
  }

  @Test("a permit is for its folder alone, however its path is written")
  func alone() throws {
    try FileSystem.makeFolder(folder / "job")
    try FileSystem.makeFolder(folder / "job-2")
    WritePermits.grant(Permit(holdsFor: 0), for: folder / "./other/../job/")
    defer { WritePermits.withdraw(for: folder / "job") }
    #expect(throws: Lost.self) { try AtomicFile.write("x", to: folder / "job/x") }
    #expect(throws: Lost.self) { try AtomicFile.write("x", to: folder / "job-2/../job/x") }
    try AtomicFile.write("x", to: folder / "job-2/x")
    try AtomicFile.write("x", to: folder / "x")
    #expect(
      WritePermits.permit(for: folder / "job") != nil && WritePermits.permit(for: folder / "job-2") == nil)
  }

  @Test("a lock is one process's; whoever takes its file away gets another")
  func lock() throws {
    var first = try FileLock(folder / "lock")
    #expect(first?.isHeld == true)
    #expect(try FileLock(folder / "lock") == nil)
    #expect(try FileSystem.text(of: folder / "lock") == ProcessIdentity.current.description)
    #expect(unlink(folder / "lock") == 0)
    let second = try FileLock(folder / "lock")
    #expect(second != nil)
    #expect(try FileLock(folder / "lock") == nil)
    first = nil
    #expect(try FileLock(folder / "lock") == nil)
    withExtendedLifetime(second) {}
  }
}
